/**
 * write(2) fills a hole while a program loads from it: afterwards the program must not go on seeing zeroes.
 *
 * Result: holds.
 *
 * A fault that asks for the block before it has locked the entry maps the hole for ever (bug read-fault-maps-hole-after-write).
 */
import { at, scenario } from '../dialect/index.ts'
import {
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  sys_write,
  thread_init,
  user_touch,
  Vma,
  vma_init,
  ZERO_PAGE,
} from '../kernel/index.ts'
import { nobody_warned, no_entry_locked, no_lock_held, no_hole_mapped } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

export default scenario({
  id: 'write-vs-read-fault',
  group: 'quick',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    thread_init(0, mm)
  },
  tasks: {
    reader: () => {
      user_touch(vma, 0, false)
    },
    writer: () => {
      sys_write(file, 0)
    },
  },
  finally: {
    no_lock_held,
    nobody_warned,
    no_entry_locked,
    no_hole_mapped,
  },
  reaches: {
    hole_mapped: () => vma.pte[0].pfn === ZERO_PAGE(),
  },
})
