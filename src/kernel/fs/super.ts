/**
 * Super blocks: freezing, and what happens to a file system whose device is gone. Linux 7.3 fs/super.c, fs/ext4/super.c,
 * fs/xfs/xfs_fsops.c.
 *
 * Left out: who else freezes; levels of freezing other than SB_FREEZE_PAGEFAULT; the sync before the device goes, which is
 * not done when it has gone already; dentries.
 */
import { down_read, down_write, up_read, up_write } from '../../dialect/index.ts'
import { FUSE, type SuperBlock } from '../include/fs.ts'
import { evict_inodes } from './inode.ts'

/** A fault that may write to the file system. Nobody freezes one whose device does not go away. */
export function sb_start_pagefault(sb: SuperBlock): void {
  if (sb.s_dax_dev !== null) down_read(sb.s_writers)
}

export function sb_end_pagefault(sb: SuperBlock): void {
  if (sb.s_dax_dev !== null) up_read(sb.s_writers)
}

/** Waits until no write fault is under way, and keeps new ones out. Loads are not held up. */
export function freeze_super(sb: SuperBlock): void {
  down_write(sb.s_writers)
}

export function thaw_super(sb: SuperBlock): void {
  up_write(sb.s_writers)
}

/** No block is looked up any more. Linux: xfs_force_shutdown(), ext4_force_shutdown(). */
export function force_shutdown(sb: SuperBlock): void {
  sb.s_shutdown = true
}

/** Linux: xfs_is_shutdown(), ext4_emergency_state(), in iomap_begin of each. A file system whose device stays is not shut down. */
export function is_shutdown(sb: SuperBlock): boolean {
  return sb.s_dax_dev !== null && sb.s_shutdown
}

/**
 * The block device is gone. Inodes that nobody uses end, which waits for their pages; those in use are not unmapped, and
 * nobody waits for them. Linux: fs_bdev_mark_dead(), xfs_fs_shutdown(), ext4_shutdown(). virtiofs has no block device.
 */
export function fs_bdev_mark_dead(sb: SuperBlock): void {
  down_read(sb.s_umount)
  evict_inodes(sb)
  fs_shutdown(sb)
  up_read(sb.s_umount)
}

export function fs_shutdown(sb: SuperBlock): void {
  if (sb.s_type !== FUSE) force_shutdown(sb)
}
