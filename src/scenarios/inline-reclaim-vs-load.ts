/**
 * virtiofs: write(2) finds no free range of the window, and takes one from the same file while a program uses it.
 *
 * Result: holds.
 *
 * The layout is broken before the range is taken, so the program faults, and waits until the worker has freed one again.
 */
import { at, irq, scenario } from '../dialect/index.ts'
import {
  DAX_REAL,
  file_init,
  fuse_dax_free_mem_worker,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  range_init,
  sys_write,
  thread_init,
  user_touch,
  Vma,
  vma_init,
  window_init,
} from '../kernel/index.ts'
import { nobody_queued, nobody_warned, no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

export default scenario({
  id: 'inline-reclaim-vs-load',
  group: 'more',
  fs: ['fuse'],
  bounds: { pages: 2, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    window_init()
    file_init(file, 2)
    range_init(file, 0, 0)
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    thread_init(0, mm)
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, false)
      user_touch(vma, 0, false)
    },
    writer: () => {
      sys_write(file, 1)
    },
    worker: irq(() => {
      for (;;) fuse_dax_free_mem_worker()
    }),
  },
  finally: { no_lock_held, nobody_warned, nobody_queued },
  reaches: {
    taken_from_program: () => file.extent[1] !== null && file.i_mapping!.i_mmap[0],
    used_meanwhile: () => file.i_mapping!.i_pages[0].kind === DAX_REAL && file.i_rwsem.holder !== null,
  },
})
