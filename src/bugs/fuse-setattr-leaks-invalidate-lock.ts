/**
 * A truncate of a virtiofs file writes dirty data back first. When the server refuses them it returns at once, with the fault
 * lock held: the next fault waits for ever.
 */
import { at, choose, down_write, scenario, up_write } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  EIO,
  file_pages,
  fuse_break_layouts_all,
  fuse_simple_request,
  fuse_write_inode_now,
  i_size_write,
  Inode,
  mapped_init,
  MmStruct,
  sys_ftruncate,
  thread_init,
  truncate_pagecache,
  user_touch,
  Vma,
  vma_init,
  type Errno,
} from '../kernel/index.ts'
import { nobody_warned } from '../scenarios/properties.ts'
import { file, mapped_file_init, vma } from '../scenarios/setups.ts'

const other_mm = at(MmStruct, 1)
const other_vma = at(Vma, 1)

export const truncate_vs_fault = scenario({
  id: 'fuse-truncate-vs-fault',
  fs: ['fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(1, 1)
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, true)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
  },
  finally: { nobody_warned },
})

export const truncate_vs_two_faults = scenario({
  id: 'fuse-truncate-vs-two-faults',
  fs: ['fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 2, ipi: 0 },
  setup() {
    mapped_file_init(1, 1)
    vma_init(other_vma, other_mm, file, 1)
    mapped_init(other_vma)
    thread_init(1, other_mm)
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, true)
    },
    other_program: () => {
      user_touch(other_vma, 0, false)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
  },
  finally: { nobody_warned },
})

export default bug({
  slug: 'fuse-setattr-leaks-invalidate-lock',
  title: 'fuse: fix invalidate lock leak on setattr writeback failure',
  introduced: '6ae330cad6ef',
  releases: '5.10 until the stable updates of 2026',
  class: 'hung-waiter',
  given: {
    fuse_write_inode_now(_inode: Inode): Errno {
      return choose(2) === 1 ? -EIO : 0
    },
  },
  after: {
    fuse_do_setattr(inode: Inode, size: number): Errno {
      down_write(inode.i_mapping!.invalidate_lock)
      const error = fuse_break_layouts_all(inode)
      if (error === 0) {
        const refused = fuse_write_inode_now(inode)
        if (refused !== 0) return refused
        fuse_simple_request(inode, size, file_pages())
        i_size_write(inode, size)
        truncate_pagecache(inode.i_mapping!, size)
      }
      up_write(inode.i_mapping!.invalidate_lock)
      return error
    },
  },
  shows: { scenario: truncate_vs_fault, fs: 'fuse' },
  larger: { scenario: truncate_vs_two_faults, fs: 'fuse' },
})
