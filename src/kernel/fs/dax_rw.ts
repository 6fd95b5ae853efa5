/** read(2) and write(2) of DAX files. Linux 7.3 fs/dax.c, xfs_file.c, ext4/file.c. Left out: reading; parts of pages; shared blocks. */
import { assert_held_write, down_write, expect, indivisible, up_write } from '../../dialect/index.ts'
import { ENOSPC, type Errno } from '../include/errno.ts'
import type { Block, Inode } from '../include/fs.ts'
import { invalidate_inode_pages2_range } from '../mm/truncate.ts'
import { bmap_alloc, bmap_lookup } from './iomap.ts'

/** write(2) of page `index`. No fault lock: faults go on. */
export function sys_write(inode: Inode, index: number): Errno {
  down_write(inode.i_rwsem)
  const error = dax_iomap_rw(inode, index)
  up_write(inode.i_rwsem)
  return error
}

/** Called with `i_rwsem` held exclusively. */
export function dax_iomap_rw(inode: Inode, index: number): Errno {
  assert_held_write(inode.i_rwsem)
  const mapped = bmap_lookup(inode, index)
  if (mapped !== null) return dax_copy_from_iter(inode, mapped)
  const fresh = bmap_alloc(inode, index)
  if (fresh !== null) return dax_iomap_iter(inode, index, fresh)
  const block = bmap_lookup(inode, index)
  return block !== null ? dax_copy_from_iter(inode, block) : -ENOSPC
}

/** The block is new: programs that have mapped the hole must see it. */
export function dax_iomap_iter(inode: Inode, index: number, block: Block): Errno {
  invalidate_inode_pages2_range(inode.i_mapping!, index, index + 1)
  return dax_copy_from_iter(inode, block)
}

export function dax_copy_from_iter(inode: Inode, block: Block): Errno {
  indivisible(() => expect(block.owner === inode, 'data-corruption', 'a write goes to a block of its file'))
  return 0
}
