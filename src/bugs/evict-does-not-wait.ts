/**
 * The end of an inode takes its entries out and gives its blocks back, whoever uses the pages.
 *
 * A pin does not hold the file: it outlives munmap, close and unlink, and nobody finds its page again once the entry is gone.
 */
import { at, irq, scenario } from '../dialect/index.ts'
import {
  Bio,
  bio_init,
  blkdev_bio_end_io_async,
  Block,
  blocks_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  open_init,
  sys_close,
  sys_io_submit,
  sys_munmap,
  sys_unlink,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { bug } from '../history/index.ts'
import { nobody_warned } from '../scenarios/properties.ts'

const file = at(Inode, 0)
const other_file = at(Inode, 1)
const mm = at(MmStruct, 0)
const other_mm = at(MmStruct, 1)
const vma = at(Vma, 0)
const other_vma = at(Vma, 1)
const bio = at(Bio, 0)

/** Another file takes the block. */
export const with_reuse = scenario({
  id: 'reuse-after-unlink',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 2, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    file_init(other_file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    vma_init(other_vma, other_mm, other_file, 1)
    mapped_init(vma)
    mapped_init(other_vma)
    open_init(file)
    bio_init(bio, vma)
    thread_init(0, mm)
    thread_init(2, other_mm)
  },
  tasks: {
    fio: () => {
      sys_io_submit(bio, 0)
      sys_munmap(vma)
      sys_close(file)
    },
    rm: () => {
      sys_unlink(file)
    },
    writer: () => {
      user_touch(other_vma, 0, true)
    },
    bio_end_io: irq(() => blkdev_bio_end_io_async(bio)),
  },
  finally: { nobody_warned },
  reaches: { reused: () => at(Block, 0).owner === other_file },
})

export default bug({
  slug: 'evict-does-not-wait',
  title: 'fs/dax: ensure all pages are idle prior to filesystem unmount',
  fix: '0e2f80afcfa6',
  releases: '4.18 to 6.14',
  class: 'use-after-free',
  undo: ['0e2f80afcfa6'],
  shows: { scenario: 'unlink-vs-dio', fs: 'xfs' },
  also: [{ scenario: 'unlink-vs-dio', fs: 'ext4' }],
  larger: { scenario: with_reuse, fs: 'xfs' },
})
