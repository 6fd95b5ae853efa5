/** XFS: the end of an inode. Linux 7.3 fs/xfs/xfs_super.c, xfs_inode.c. Left out: that a worker frees the blocks somewhat later. */
import { index_of } from '../../../dialect/index.ts'
import { fs_dax_get, fs_put_dax } from '../../drivers/dax/super.ts'
import { OPS_OF_XFS } from '../../include/dax.ts'
import type { Inode, SuperBlock } from '../../include/fs.ts'
import { truncate_inode_pages_final } from '../../mm/truncate.ts'
import { dax_break_layout_final } from '../dax.ts'
import { bmap_free } from '../iomap.ts'
import { file_pages, keeps_blocks } from '../inode.ts'

/** Mount: the file system wants to be told when memory of its device fails or goes. Linux: xfs_alloc_buftarg(). */
export function xfs_open_devices(sb: SuperBlock): void {
  fs_dax_get(sb.s_dax_dev!, index_of(sb) + 1, OPS_OF_XFS)
}

/** The end of umount(2). Linux: xfs_fs_put_super(), xfs_free_buftarg(), xfs_mount_free(). */
export function xfs_fs_put_super(sb: SuperBlock): void {
  fs_put_dax(sb.s_dax_dev!, index_of(sb) + 1)
  sb.freed = true
}

/** Nobody else has the inode any more, so no lock is held. */
export function xfs_fs_evict_inode(inode: Inode): void {
  dax_break_layout_final(inode)
  truncate_inode_pages_final(inode.i_mapping!)
  xfs_inactive(inode)
}

/** A file without a name gives its blocks back. */
export function xfs_inactive(inode: Inode): void {
  if (!keeps_blocks(inode)) bmap_free(inode, 0, file_pages())
}
