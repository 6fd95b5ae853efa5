/**
 * Files. Linux 7.3 include/linux/fs.h; XFS, ext4 and fuse parts of the inode are folded in.
 * Left out: dentries, file descriptors, freezing, leases, quota, the journal.
 */
import {
  array,
  atomic,
  bool,
  bound,
  embedded,
  ghost,
  guardedBy,
  oneOf,
  ref,
  RwSemaphore,
  Spinlock,
  Struct,
  uint,
} from '../../dialect/index.ts'
import { DaxDevice } from './dax.ts'
import { Folio } from './mm_types.ts'

/** super_block.s_type: index into FILE_SYSTEMS. */
export const XFS: number = 0
export const EXT4: number = 1
export const FUSE: number = 2

/** What fallocate(2) is asked to do with a range of a file. Linux: flags of include/uapi/linux/falloc.h. */
export const FALLOC_FL_PUNCH_HOLE: number = 0
export const FALLOC_FL_ZERO_RANGE: number = 1
export const FALLOC_FL_COLLAPSE_RANGE: number = 2
export const FALLOC_FL_INSERT_RANGE: number = 3

export class SuperBlock extends Struct<'super_block'> {
  readonly s_type = uint(2)
  /** The device that the files are on. Null: one that never goes away. */
  readonly s_dax_dev = ref(() => DaxDevice)
  /** XFS: it can say which files a block belongs to. */
  readonly s_rmapbt = bool()
  s_umount = embedded(() => RwSemaphore)
  /** SB_FREEZE_PAGEFAULT: held shared by faults that may write, exclusively while frozen. */
  s_writers = embedded(() => RwSemaphore)
  /** Its memory, and that of xfs_mount or ext4_sb_info, is freed. */
  freed = ghost(bool())
  /** XFS_OPSTATE_SHUTDOWN, EXT4_FLAGS_SHUTDOWN: no block is looked up any more. */
  s_shutdown = bool()
  /** virtiofs: a range of the window has to be set up before a page of a file can be reached. */
  readonly dax_window = bool()
  /** What a power cut leaves is asked: a block is the file's for good when the transaction that says so is on the device. */
  readonly s_journal = bool()
}

/** A block of the device, as large as a page. */
export class Block extends Struct<'block'> {
  /** The page of the device that it is, for ever. */
  readonly pfn = ref(() => Folio)
  /** The file it belongs to; null: free. */
  owner = ref(() => Inode)
  /** The driver knows it as bad (struct badblocks). */
  bad = bool()
  /** Reflink: another file that has it too. */
  co_owner = ref(() => Inode)
  /** Number of the last store to it, in the caches of CPUs and on the device. Kept where the file system has a journal. */
  cached = ghost(uint(2))
  persistent = ghost(uint(2))
}

/** Files may share blocks: in scenarios that name their number, bounds: { reflink: 2 }. In the others what follows are constants. */
export function can_share(): boolean {
  return bound('reflink', 0) !== 0
}

export function owns_block(inode: Inode, block: Block): boolean {
  return block.owner === inode || (can_share() && block.co_owner === inode)
}

/** Blocks may read as zeroes: in scenarios that say so, bounds: { unwritten: 1 }. In the others `Inode.unwritten` is a constant. */
export function can_be_unwritten(): boolean {
  return bound('unwritten', 0) !== 0
}

/** Two files have it. What fs/dax.c sees of it is IOMAP_F_SHARED. */
export function block_is_shared(block: Block): boolean {
  return can_share() && block.co_owner !== null
}

export const DAX_ABSENT: number = 0
/** Holds the lock bit while a fault finds out what is to be mapped. */
export const DAX_EMPTY: number = 1
/** A hole that reads map the zero page for. */
export const DAX_ZERO_PAGE: number = 2
/** Names a page of the device. */
export const DAX_REAL: number = 3

/** One slot of `i_pages` of a DAX file. In the kernel one word: pfn and flags. Marks are the xarray's. */
export class DaxEntry extends Struct<'dax_entry'> {
  kind = oneOf({ DAX_ABSENT, DAX_EMPTY, DAX_ZERO_PAGE, DAX_REAL })
  pfn = ref(() => Folio)
  /** DAX_PMD: it stands for all pages of a huge range. */
  pmd = bool()
  locked = bool()
  /** PAGECACHE_TAG_DIRTY */
  dirty = bool()
  /** PAGECACHE_TAG_TOWRITE */
  towrite = bool()
}

/** struct address_space of an inode. */
export class AddressSpace extends Struct<'address_space'> {
  readonly host = ref(() => Inode)
  /** The fault lock: faults hold it shared, truncate and hole punch exclusively. */
  invalidate_lock = embedded(() => RwSemaphore)
  /** The lock of the xarray `i_pages`. Interrupts are off while it is held. */
  xa_lock = embedded(() => Spinlock)
  /** The entries, by page of the file. */
  i_pages = guardedBy(
    array(bound('pages'), () => embedded(() => DaxEntry)),
    (mapping: AddressSpace) => mapping.xa_lock,
  )
  i_mmap_rwsem = embedded(() => RwSemaphore)
  /** By VMA: it is in the interval tree `i_mmap`. */
  i_mmap = guardedBy(
    array(bound('vmas'), () => bool()),
    (mapping: AddressSpace) => mapping.i_mmap_rwsem,
  )
  /** The kernel would print a warning: truncate has found an entry that breaking the layouts should have removed. */
  warned = ghost(bool())
  /** Number of VMAs in `i_mmap`. Kept only where mapping_mapped() asks, without the lock, whether the tree is empty. */
  nr_mapped = atomic(3)
}

/** struct inode, xfs_inode, ext4_inode_info, fuse_inode. */
export class Inode extends Struct<'inode'> {
  readonly i_sb = ref(() => SuperBlock)
  readonly i_mapping = ref(() => AddressSpace)
  /** XFS: IOLOCK. */
  i_rwsem = embedded(() => RwSemaphore)
  /** XFS: ILOCK; ext4: i_data_sem; fuse: the lock of the file's list of ranges. Guards the extents. */
  i_lock = embedded(() => RwSemaphore)
  /** By page of the file: its block, or null: a hole. */
  extent = guardedBy(
    array(bound('pages'), () => ref(() => Block)),
    (inode: Inode) => inode.i_lock,
  )
  /** By page of the file: it has a block that reads as zeroes, whatever its bytes are, until somebody stores to it. */
  unwritten = guardedBy(
    array(bound('pages'), () => bool()),
    (inode: Inode) => inode.i_lock,
  )
  /** Reflink: a new block for the page while its bytes are copied. */
  cow_fork = guardedBy(
    array(bound('pages'), () => ref(() => Block)),
    (inode: Inode) => inode.i_lock,
  )
  /** Pages; part of the last one may be behind the end. Written under `i_rwsem`, by who makes the file shorter under the fault lock too. */
  i_size = uint(2)
  /** Open files and mappings that hold the inode, and its name. */
  i_count = atomic(3)
  /** virtiofs: ranges of the window that show pages of it. Changed under `i_lock`, read without it. */
  nr_ranges = uint(2)
  /** A transaction about its blocks is not on the device (IOMAP_F_DIRTY). Kept where the file system has a journal, as are those below. */
  dirty_metadata = bool()
  /** By page of the file: the block that it has after a power cut. */
  committed = ghost(array(bound('pages'), () => ref(() => Block)))
  /** By page of the file: number of stores; those that a power cut must leave; those that were before the fsync of each task. */
  stored = ghost(array(bound('pages'), () => uint(2)))
  promised = ghost(array(bound('pages'), () => uint(2)))
  asked = ghost(array(bound('tasks') * bound('pages'), () => uint(2)))
  /** Names. Nobody finds an inode again that has none. */
  i_nlink = uint(1)
}
