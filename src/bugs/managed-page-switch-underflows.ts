/**
 * A global switch says whether puts must look for pages that are idle at 1. A device that needs no such puts does not raise
 * it when it is bound and lowers it when it is unbound: the switch goes off while an FSDAX device is there.
 *
 * Then the unpin takes the ordinary path, which tells nobody at 1. The report showed the warning of the counter; the sleep
 * that never ends is what follows.
 */
import { at, irq, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  Bio,
  bio_init,
  blocks_init,
  devmap_managed_enable_get,
  devmap_managed_enable_put,
  devmap_managed_key_enabled,
  DevmapManagedKey,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MEMORY_DEVICE_FS_DAX,
  MEMORY_DEVICE_GENERIC,
  MmStruct,
  submit_bio_wait_endio,
  sys_direct_io,
  sys_ftruncate,
  thread_init,
  Vma,
  vma_init,
  wake_up_var,
  type Folio,
} from '../kernel/index.ts'
import { no_entry_left, transfers_over } from '../scenarios/properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const bio = at(Bio, 0)
const key = at(DevmapManagedKey, 0)

function setup(): void {
  machine_init()
  file_init(file, 1)
  blocks_init(file, 1)
  vma_init(vma, mm, file, 1)
  mapped_init(vma)
  bio_init(bio, vma)
  thread_init(0, mm)
  devmap_managed_enable_get(key, MEMORY_DEVICE_FS_DAX)
  devmap_managed_enable_get(key, MEMORY_DEVICE_GENERIC)
}

export const unbind_vs_dio = scenario({
  id: 'unbind-of-another-device-vs-dio',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup,
  tasks: {
    fio: () => {
      sys_direct_io(bio, 0)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
    unbind: () => devmap_managed_enable_put(key, MEMORY_DEVICE_GENERIC),
    bio_end_io: irq(() => submit_bio_wait_endio(bio)),
  },
  finally: { transfers_over, no_entry_left },
})

export const two_unbinds_vs_dio = scenario({
  id: 'unbind-and-bind-of-other-devices-vs-dio',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup,
  tasks: {
    fio: () => {
      sys_direct_io(bio, 0)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
    unbind: () => devmap_managed_enable_put(key, MEMORY_DEVICE_GENERIC),
    another_device: () => {
      devmap_managed_enable_get(key, MEMORY_DEVICE_FS_DAX)
      devmap_managed_enable_put(key, MEMORY_DEVICE_FS_DAX)
    },
    bio_end_io: irq(() => submit_bio_wait_endio(bio)),
  },
  finally: { transfers_over, no_entry_left },
})

export default bug({
  slug: 'managed-page-switch-underflows',
  title: 'mm/mremap_pages: fix static key devmap_managed_key updates',
  fix: '46b1ee38b2ba',
  introduced: '6f42193fd86e',
  releases: '5.4 to 5.9',
  class: 'missed-wakeup',
  kernel: '5.10',
  given: {
    put_devmap_managed_folio_refs(folio: Folio, refs: number): boolean {
      if (!devmap_managed_key_enabled(key)) return false
      if (folio._refcount.sub_return(refs) === 1) wake_up_var(folio._refcount)
      return true
    },
  },
  after: {
    devmap_managed_enable_put(of: DevmapManagedKey, _type: number): void {
      of.enabled.dec()
    },
  },
  shows: { scenario: unbind_vs_dio, fs: 'xfs' },
  larger: { scenario: two_unbinds_vs_dio, fs: 'xfs' },
})
