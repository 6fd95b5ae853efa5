/**
 * Two threads load and store while the block under them is punched out of the file.
 *
 * Result: holds.
 *
 * Who faults without the fault lock maps the block between the unmap and the free (bug fault-fills-hole-being-punched). The
 * threads may leave the page mapped: to a block that is theirs again by then.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  blocks_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  sys_punch_hole,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { nobody_warned, no_entry_locked, no_lock_held, owner_recorded } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

export default scenario({
  id: 'fault-vs-punch-hole',
  group: 'quick',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    thread_init(0, mm)
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
