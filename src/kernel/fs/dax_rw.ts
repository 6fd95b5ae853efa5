/** Copying to and from DAX files, and zeroing. Linux 7.3 fs/dax.c. Left out: the bytes; which part of a page it is. */
import { assert_held_write, expect, indivisible, spin_lock, spin_unlock } from '../../dialect/index.ts'
import { dax_direct_access, dax_read_lock, dax_read_unlock, dax_recovery_write } from '../drivers/dax/super.ts'
import { DAX_ACCESS, DAX_RECOVERY_WRITE, type DaxDevice } from '../include/dax.ts'
import { EFAULT, EINTR, EIO, ENOSPC, type Errno } from '../include/errno.ts'
import { block_is_shared, can_share, owns_block, type AddressSpace, type Block, type Inode } from '../include/fs.ts'
import { PTE_ORDER } from '../include/huge_mm.ts'
import { expect_on_device } from '../mm/pgtable.ts'
import { invalidate_inode_pages2_range } from '../mm/truncate.ts'
import { dax_entry_slot, get_next_unlocked_entry, put_unlocked_entry } from './dax.ts'
import { fuse_iomap_begin_rw, fuse_iomap_end } from './fuse/dax_window.ts'
import { bmap_alloc, bmap_lookup, iomap_begin, iomap_end, iomap_is_shared, is_under_io } from './iomap.ts'

/** Called with `i_rwsem` held. A hole reads as zeroes. */
export function dax_read(inode: Inode, index: number): Errno {
  const block = bmap_lookup(inode, index)
  return block === null ? 0 : dax_copy_from_iter(inode, block)
}

/** The range of the window is held by its refcnt while bytes are copied. Called with `i_rwsem` held. */
export function fuse_dax_rw(inode: Inode, index: number): Errno {
  const block = fuse_iomap_begin_rw(inode, index)
  if (block === null) return -EINTR
  const error = dax_copy_from_iter(inode, block)
  fuse_iomap_end(block)
  return error
}

/** Called with `i_rwsem` held exclusively. */
export function dax_iomap_rw(inode: Inode, index: number): Errno {
  assert_held_write(inode.i_rwsem)
  if (inode.i_sb!.dax_window) return fuse_dax_rw(inode, index)
  const mapped = bmap_lookup(inode, index)
  if (mapped !== null) return can_share() ? dax_iomap_overwrite(inode, index) : dax_copy_from_iter(inode, mapped)
  const fresh = bmap_alloc(inode, index)
  if (fresh !== null) return dax_iomap_iter(inode, index, fresh)
  const block = bmap_lookup(inode, index)
  return block !== null ? dax_copy_from_iter(inode, block) : -ENOSPC
}

/** A block that may be shared. */
export function dax_iomap_overwrite(inode: Inode, index: number): Errno {
  const block = iomap_begin(inode, index, true)
  if (block === null) return -ENOSPC
  if (iomap_is_shared()) dax_invalidate_cow(inode, index)
  const error = dax_copy_from_iter(inode, block)
  iomap_end(inode, index, true)
  return error
}

/**
 * The file is about to leave a shared block: programs that have mapped it must see the copy. The bytes of a dirty entry stay where
 * they are, with the other file, so its marks do not keep it. Called before the file has the copy. Linux: in dax_iomap_iter(),
 * dax_zero_iter(), dax_unshare_iter().
 */
export function dax_invalidate_cow(inode: Inode, index: number): void {
  __dax_clear_dirty_range(inode.i_mapping!, index)
  invalidate_inode_pages2_range(inode.i_mapping!, index, index + 1)
}

export function __dax_clear_dirty_range(mapping: AddressSpace, index: number): void {
  spin_lock(mapping.xa_lock)
  get_next_unlocked_entry(mapping, index, PTE_ORDER)
  const entry = mapping.i_pages[dax_entry_slot(mapping, index)]
  entry.dirty = false
  entry.towrite = false
  put_unlocked_entry(entry, false)
  spin_unlock(mapping.xa_lock)
}

/**
 * A file is cut inside the page: zeroes what is behind its end. Called with the fault lock held exclusively. Whoever has the page for
 * a transfer could change those bytes afterwards.
 */
export function dax_truncate_page(inode: Inode, index: number): Errno {
  expect_no_transfer(bmap_lookup(inode, index))
  return dax_zero_range(inode, index)
}

export function expect_no_transfer(block: Block | null): void {
  if (block === null) return
  indivisible(() => {
    expect(!is_under_io(block.pfn!), 'data-corruption', 'what a file loses is zeroed after the last transfer to it')
  })
}

/** Zeroes a part of the page. Called with the fault lock held exclusively. A hole is left alone. */
export function dax_zero_range(inode: Inode, index: number): Errno {
  assert_held_write(inode.i_mapping!.invalidate_lock)
  const mapped = bmap_lookup(inode, index)
  if (mapped === null) return 0
  return can_share() ? dax_iomap_overwrite(inode, index) : dax_zero_iter(inode, mapped)
}

/** The device is alive until the bytes are zeroes. */
export function dax_zero_iter(inode: Inode, block: Block): Errno {
  return dax_copy_from_iter(inode, block)
}

/** A block of its own for the file where it shares one. Called with the fault lock held exclusively. */
export function dax_unshare_iter(inode: Inode, index: number): Errno {
  assert_held_write(inode.i_mapping!.invalidate_lock)
  const block = bmap_lookup(inode, index)
  return block === null || !block_is_shared(block) ? 0 : dax_iomap_overwrite(inode, index)
}

/** write(2) from memory that is not there: the file has the block, and no byte is copied. Called with `i_rwsem` held exclusively. */
export function dax_iomap_rw_efault(inode: Inode, index: number): Errno {
  assert_held_write(inode.i_rwsem)
  if (bmap_alloc(inode, index) !== null) invalidate_inode_pages2_range(inode.i_mapping!, index, index + 1)
  return -EFAULT
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
    expect(owns_block(inode, block), 'data-corruption', 'bytes are copied to or from a block of the file')
  })
  return 0
}
