/**
 * The busy scan of truncate goes past an entry that somebody has locked, and so past its page, which is under I/O.
 *
 * The routine that waits for an unlocked entry was made for lookups of one index. Inside a scan it came back with the next
 * entry. The lock is held by fsync here: a fault that holds it has the fault lock too, and truncate waits for that.
 */
import { at, irq, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  AddressSpace,
  Bio,
  bio_init,
  blocks_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  submit_bio_wait_endio,
  sys_direct_io,
  sys_fsync,
  sys_ftruncate,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { nobody_warned, no_entry_left, nothing_mapped, pages_idle, transfers_over } from '../scenarios/properties.ts'

const file = at(Inode, 0)
const mapping = at(AddressSpace, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const bio = at(Bio, 0)

function setup(): void {
  machine_init()
  file_init(file, 2)
  blocks_init(file, 2)
  vma_init(vma, mm, file, 2)
  mapped_init(vma)
  bio_init(bio, vma)
  thread_init(0, mm)
}

const always_idle_at_the_end = { nobody_warned, pages_idle, nothing_mapped, transfers_over, no_entry_left }

const reaches = {
  locked_while_pinned: () => bio.bi_folio !== null && mapping.i_pages[0].locked && file.i_rwsem.holder !== null,
}

export const small = scenario({
  id: 'two-pages-fsync-vs-truncate',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup,
  tasks: {
    fio: () => {
      sys_direct_io(bio, 0)
    },
    fsync: () => sys_fsync(file),
    truncate: () => {
      sys_ftruncate(file, 0)
    },
    bio_end_io: irq(() => submit_bio_wait_endio(bio)),
  },
  finally: always_idle_at_the_end,
  reaches,
})

export const with_writer = scenario({
  id: 'two-pages-fsync-vs-truncate-writer',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup() {
    setup()
    thread_init(3, mm)
  },
  tasks: {
    fio: () => {
      sys_direct_io(bio, 0)
    },
    fsync: () => sys_fsync(file),
    truncate: () => {
      sys_ftruncate(file, 0)
    },
    writer: () => {
      user_touch(vma, 1, true)
    },
    bio_end_io: irq(() => submit_bio_wait_endio(bio)),
  },
  finally: always_idle_at_the_end,
  reaches,
})

export default bug({
  slug: 'busy-scan-skips-locked-entry',
  title: "fs/dax: don't skip locked entries when scanning entries",
  fix: '6be3e21d25ca',
  releases: '4.20 to 6.14; 6.15 still, by another mistake',
  class: 'use-after-free',
  undo: ['6be3e21d25ca'],
  shows: { scenario: small, fs: 'xfs' },
  larger: { scenario: with_writer, fs: 'xfs' },
})
