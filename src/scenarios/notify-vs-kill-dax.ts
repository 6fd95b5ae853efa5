/**
 * Memory of a device fails while its driver is unbound: the owner is told of the one and of the other.
 *
 * Result: holds; kill_dax() waits for the owner to be done, and memunmap_pages() for whoever handles the failure.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  blocks_init,
  DaxDevice,
  DevPagemap,
  entry_init,
  file_init,
  Folio,
  Inode,
  machine_init,
  mapped_init,
  memory_failure_dev_pagemap,
  MmStruct,
  removable_init,
  thread_init,
  unbind,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_entry_locked, no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const folio = at(Folio, 0)
const pgmap = at(DevPagemap, 0)
const dax_dev = at(DaxDevice, 0)

export default scenario({
  id: 'notify-vs-kill-dax',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    removable_init(true)
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    thread_init(0, mm)
    entry_init(vma, 0)
  },
  tasks: {
    error: () => {
      memory_failure_dev_pagemap(folio, 0)
    },
    unbind: () => unbind(),
  },
  finally: {
    no_lock_held,
    no_entry_locked,
  },
  reaches: {
    handled_while_dying: () => !dax_dev.alive && folio.hwpoison && pgmap.memmap,
    unbound: () => !pgmap.registered,
  },
})
