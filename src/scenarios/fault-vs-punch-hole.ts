/**
 * Two threads load and store while the block under them is punched out of the file.
 *
 * Result: holds.
 *
 * Who faults without the fault lock maps the block between the unmap and the free (bug fault-fills-hole-being-punched). The
 * threads may leave the page mapped: to a block that is theirs again by then.
 */
import { scenario } from '../dialect/index.ts'
import { sys_punch_hole, thread_init, user_touch } from '../kernel/index.ts'
import { nobody_warned, no_entry_locked, no_lock_held, owner_recorded } from './properties.ts'
import { file, mapped_file_init, mm, vma } from './setups.ts'

export default scenario({
  id: 'fault-vs-punch-hole',
  group: 'quick',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(1, 1)
    thread_init(1, mm)
  },
  tasks: {
    writer: () => {
      user_touch(vma, 0, true)
      user_touch(vma, 0, true)
    },
    reader: () => {
      user_touch(vma, 0, false)
    },
    fallocate: () => {
      sys_punch_hole(file, 0, 1)
    },
  },
  finally: {
    no_lock_held,
    nobody_warned,
    no_entry_locked,
    owner_recorded,
  },
  reaches: {
    mapped_before: () => vma.pte[0].pfn !== null,
    faults_while_punching: () => file.i_rwsem.holder !== null && file.extent[0] === null,
  },
})
