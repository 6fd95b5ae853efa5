/** read(2) and write(2) of DAX files. Linux 7.3 fs/dax.c, xfs_file.c, ext4/file.c. Left out: reading; parts of pages; shared blocks. */
import { assert_held_write, down_write, expect, indivisible, up_write } from '../../dialect/index.ts'
import { dax_direct_access, dax_read_lock, dax_read_unlock, dax_recovery_write } from '../drivers/dax/super.ts'
import { DAX_ACCESS, DAX_RECOVERY_WRITE, type DaxDevice } from '../include/dax.ts'
import { EIO, ENOSPC, type Errno } from '../include/errno.ts'
import type { Block, Inode } from '../include/fs.ts'
import { expect_on_device } from '../mm/pgtable.ts'
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

/** The device is alive until the bytes are copied. A bad block is written as a whole. */
export function dax_copy_from_iter(inode: Inode, block: Block): Errno {
  const dax_dev = inode.i_sb!.s_dax_dev
  if (dax_dev === null) return dax_memcpy(inode, block)
  dax_read_lock()
  const error = dax_copy_to_device(inode, block, dax_dev)
  dax_read_unlock()
  return error
}

/** Called inside dax_read_lock(). */
export function dax_copy_to_device(inode: Inode, block: Block, dax_dev: DaxDevice): Errno {
  if (dax_direct_access(dax_dev, block, DAX_ACCESS) !== null) return dax_memcpy(inode, block)
  if (dax_direct_access(dax_dev, block, DAX_RECOVERY_WRITE) === null) return -EIO
  dax_recovery_write(block)
  return dax_memcpy(inode, block)
}

export function dax_memcpy(inode: Inode, block: Block): Errno {
  indivisible(() => {
    expect_on_device(block.pfn!)
    expect(block.owner === inode, 'data-corruption', 'a write goes to a block of its file')
  })
  return 0
}
