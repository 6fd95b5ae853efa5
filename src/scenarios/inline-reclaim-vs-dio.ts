/**
 * virtiofs: write(2) finds no free range of the window, and takes one from the same file while a program has
 * it under direct I/O.
 *
 * Result: holds.
 *
 * The layout is broken before the range is taken: the writer waits for the transfer.
 */
import { at, irq, scenario, Task } from '../dialect/index.ts'
import {
  Bio,
  bio_init,
  file_init,
  fuse_dax_free_mem_worker,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  range_init,
  submit_bio_wait_endio,
  sys_direct_io,
  sys_write,
  thread_init,
  Vma,
  vma_init,
  window_init,
} from '../kernel/index.ts'
import { nobody_queued, nobody_warned, no_lock_held, transfers_over } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const bio = at(Bio, 0)

export default scenario({
  id: 'inline-reclaim-vs-dio',
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
    bio_init(bio, vma)
    thread_init(0, mm)
  },
  tasks: {
    program: () => {
      sys_direct_io(bio, 0)
    },
    writer: () => {
      sys_write(file, 1)
    },
    bio_end_io: irq(() => submit_bio_wait_endio(bio)),
    worker: irq(() => {
      for (;;) fuse_dax_free_mem_worker()
    }),
  },
  finally: { no_lock_held, nobody_warned, nobody_queued, transfers_over },
  reaches: {
    used_meanwhile: () => bio.bi_folio !== null && file.i_mapping!.invalidate_lock.holder === at(Task, 1),
  },
})
