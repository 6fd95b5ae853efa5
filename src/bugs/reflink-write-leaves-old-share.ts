/**
 * A write to a shared block moves the file to a copy and leaves the entry, the share count and the mapping of the old block as
 * they are. A program that has the file mapped reads old data, and the next owner of the block finds it shared.
 */
import { at, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  blocks_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  shared_init,
  sys_ftruncate,
  sys_write,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_entry_locked, no_lock_held } from '../scenarios/properties.ts'

const file = at(Inode, 0)
const other_file = at(Inode, 1)
const vma = at(Vma, 0)
const other_vma = at(Vma, 1)
const bounds = { pages: 1, blocks: 3, vmas: 2, ipi: 0, reflink: 2 }

/** Both files have the block; the writer has the first one mapped. */
function setup(): void {
  machine_init()
  file_init(file, 1)
  file_init(other_file, 1)
  blocks_init(file, 1)
  shared_init(file, other_file, 0)
  vma_init(vma, at(MmStruct, 0), file, 1)
  vma_init(other_vma, at(MmStruct, 1), other_file, 1)
  mapped_init(vma)
  mapped_init(other_vma)
  thread_init(0, at(MmStruct, 0))
  thread_init(2, at(MmStruct, 1))
}

function read_write_read(): void {
  user_touch(vma, 0, false)
  sys_write(file, 0)
  user_touch(vma, 0, false)
}

export const write_vs_truncate = scenario({
  id: 'reflink-write-vs-truncate',
  fs: ['xfs'],
  bounds,
  setup,
  tasks: {
    writer: read_write_read,
    truncate: () => {
      sys_ftruncate(other_file, 0)
    },
    idle: () => {},
  },
  finally: { no_lock_held, no_entry_locked },
})

export const write_vs_write_fault = scenario({
  id: 'reflink-writes-to-both-files',
  fs: ['xfs'],
  bounds,
  setup,
  tasks: {
    writer: read_write_read,
    truncate: () => {
      sys_ftruncate(other_file, 0)
    },
    other_writer: () => {
      user_touch(other_vma, 0, true)
    },
  },
  finally: { no_lock_held, no_entry_locked },
})

export default bug({
  slug: 'reflink-write-leaves-old-share',
  title: 'fsdax: invalidate pages when CoW',
  fix: 'f80e1668888f',
  releases: '6.0 and 6.1',
  class: 'stale-mapping',
  undo: ['f80e1668888f'],
  shows: { scenario: write_vs_truncate, fs: 'xfs' },
  larger: { scenario: write_vs_write_fault, fs: 'xfs' },
})
