/**
 * A write to a block that two DAX files share. Linux 7.3 fs/xfs/xfs_reflink.c, xfs_iomap.c, fs/dax.c.
 * One page of each file. The share count is that of entries: pages of FSDAX do not know their files when they are shared.
 * Left out: locks of inodes, page counts, the log; that the share count is no atomic, and is changed under the lock of one
 * of the two files.
 */
import { atomic, embedded, ref, spin_lock, spin_unlock, Spinlock, Struct, uint } from '../../../dialect/index.ts'

/** A block, and the page that it is. */
export class SharedBlock extends Struct<'shared_block'> {
  /** Files that have it: the refcount btree. 0: free. */
  refcount = atomic(2)
  /** Entries that name the page (page->share). */
  share = atomic(2)
  /** What is stored there. */
  data = uint(2)
}

/** A file of one page. */
export class ReflinkFile extends Struct<'reflink_file'> {
  xa_lock = embedded(() => Spinlock)
  extent = ref(() => SharedBlock)
  /** The entry of the page cache, and the page-table entry of a program. */
  entry = ref(() => SharedBlock)
  pte = ref(() => SharedBlock)
}

/** A read fault: the program maps the block of the file. */
export function reflink_read_fault(file: ReflinkFile): void {
  spin_lock(file.xa_lock)
  const block = file.extent
  if (block !== null && file.entry === null) {
    block.share.inc()
    file.entry = block
    file.pte = block
  }
  spin_unlock(file.xa_lock)
}

/** write(2) to a shared block: copies it elsewhere and lets the file name the copy. */
export function xfs_reflink_write(file: ReflinkFile, fresh: SharedBlock, value: number): void {
  fresh.refcount.set(1)
  fresh.data = value
  xfs_reflink_end_cow(file, fresh)
  dax_invalidate_after_cow(file)
}

/** The file has another block from here on. */
export function xfs_reflink_end_cow(file: ReflinkFile, fresh: SharedBlock): void {
  spin_lock(file.xa_lock)
  const old = file.extent!
  old.refcount.dec()
  file.extent = fresh
  spin_unlock(file.xa_lock)
}

/** Entry and mapping still name the old block: away with them. */
export function dax_invalidate_after_cow(file: ReflinkFile): void {
  reflink_invalidate(file)
}

/** Linux: invalidate_inode_pages2_range(), dax_disassociate_entry(). */
export function reflink_invalidate(file: ReflinkFile): void {
  spin_lock(file.xa_lock)
  const block = file.entry
  if (block !== null) {
    block.share.dec()
    file.entry = null
    file.pte = null
  }
  spin_unlock(file.xa_lock)
}

/** The other file goes. */
export function reflink_unlink(file: ReflinkFile): void {
  reflink_invalidate(file)
  spin_lock(file.xa_lock)
  const block = file.extent!
  block.refcount.dec()
  file.extent = null
  spin_unlock(file.xa_lock)
}
