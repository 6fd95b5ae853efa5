/**
 * Memory of a device fails while its driver is unbound: the owner is told of the one and of the other.
 *
 * Result: holds; kill_dax() waits for the owner to be done, and memunmap_pages() for whoever handles the failure.
 */
import { at, scenario } from '../dialect/index.ts'
import { DaxDevice, DevPagemap, entry_init, Folio, memory_failure_dev_pagemap, unbind } from '../kernel/index.ts'
import { no_entry_locked, no_lock_held } from './properties.ts'
import { removable_file_init, vma } from './setups.ts'

const folio = at(Folio, 0)
const pgmap = at(DevPagemap, 0)
const dax_dev = at(DaxDevice, 0)

export default scenario({
  id: 'notify-vs-kill-dax',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    removable_file_init()
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
