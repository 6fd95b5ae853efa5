/**
 * The driver of a device is unbound while a program loads from one of its pages for the first time.
 *
 * Result: use-after-free.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  blocks_init,
  DevPagemap,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  removable_init,
  thread_init,
  unbind,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const pgmap = at(DevPagemap, 0)

export default scenario({
  id: 'unbind-vs-load',
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
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, false)
    },
    unbind: () => unbind(),
  },
  finally: {
    no_lock_held,
  },
  reaches: {
    mapped: () => vma.pte[0].pfn !== null,
    unbound: () => !pgmap.registered,
  },
})
