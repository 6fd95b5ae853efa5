/** XFS: which block, and is it shared. Linux 7.3 fs/xfs/xfs_iomap.c. For scenarios with reflink; the rest uses ../iomap.ts. */
import { down_read, down_write, up_read, up_write } from '../../../dialect/index.ts'
import { block_is_shared, type Block, type Inode } from '../../include/fs.ts'
import { current_iomap } from '../iomap.ts'
import { xfs_reflink_allocate_cow, xfs_reflink_end_cow } from './xfs_reflink.ts'

/** Linux: xfs_read_iomap_begin(). */
export function xfs_read_iomap_begin(inode: Inode, index: number): Block | null {
  down_read(inode.i_lock)
  const block = inode.extent[index]
  if (block !== null && block_is_shared(block)) current_iomap().shared = true
  up_read(inode.i_lock)
  return block
}

/** Who wants to write to a shared block gets another one, which the file does not have yet. Linux: xfs_dax_write_iomap_begin(). */
export function xfs_dax_write_iomap_begin(inode: Inode, index: number): Block | null {
  down_write(inode.i_lock)
  const block = inode.extent[index]
  const shared = block !== null && block_is_shared(block)
  if (shared) current_iomap().shared = true
  const cow = shared ? xfs_reflink_allocate_cow(inode, index) : block
  up_write(inode.i_lock)
  return cow
}

/** The bytes are in place: the file has the new block from here on. Linux: xfs_dax_write_iomap_end(). */
export function xfs_dax_write_iomap_end(inode: Inode, index: number): void {
  const iomap = current_iomap()
  if (!iomap.shared) return
  iomap.shared = false
  xfs_reflink_end_cow(inode, index)
}

/** A read changes nothing. */
export function xfs_read_iomap_end(): void {
  if (current_iomap().shared) current_iomap().shared = false
}
