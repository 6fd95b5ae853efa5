/**
 * A program writes to a page of a shared block that is the source of direct I/O, and the other file goes.
 *
 * Result: use-after-free in every release since 6.1, the first that has shared blocks.
 */
import { at, irq, scenario } from '../dialect/index.ts'
import {
  Bio,
  bio_write_init,
  blkdev_bio_end_io_async,
  Block,
  blocks_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  shared_init,
  sys_ftruncate,
  sys_io_submit,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const other_file = at(Inode, 1)
const vma = at(Vma, 0)
const bio = at(Bio, 0)

export default scenario({
  id: 'reflink-cow-vs-dio',
  group: 'more',
  fs: ['xfs'],
  since: '6.1',
  bounds: { pages: 1, blocks: 2, vmas: 1, ipi: 0, reflink: 2 },
  setup() {
    machine_init()
    file_init(file, 1)
    file_init(other_file, 1)
    blocks_init(file, 1)
    shared_init(file, other_file, 0)
    vma_init(vma, at(MmStruct, 0), file, 1)
    mapped_init(vma)
    bio_write_init(bio, vma)
    thread_init(0, at(MmStruct, 0))
  },
  tasks: {
    program: () => {
      sys_io_submit(bio, 0)
      user_touch(vma, 0, true)
    },
    truncate: () => {
      sys_ftruncate(other_file, 0)
    },
    bio_end_io: irq(() => blkdev_bio_end_io_async(bio)),
  },
  finally: { no_lock_held },
  reaches: {
    copied: () => at(Block, 1).owner === file && bio.bi_folio !== null,
  },
})
