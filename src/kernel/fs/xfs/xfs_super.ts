/** XFS: the end of an inode. Linux 7.3 fs/xfs/xfs_super.c, xfs_inode.c. Left out: that a worker frees the blocks somewhat later. */
import type { Inode } from '../../include/fs.ts'
import { truncate_inode_pages_final } from '../../mm/truncate.ts'
import { dax_break_layout_final } from '../dax.ts'
import { bmap_free } from '../iomap.ts'
import { file_pages } from '../inode.ts'

/** Nobody else has the inode any more, so no lock is held. */
export function xfs_fs_evict_inode(inode: Inode): void {
  dax_break_layout_final(inode)
  truncate_inode_pages_final(inode.i_mapping!)
  xfs_inactive(inode)
}

/** A file without a name gives its blocks back. */
export function xfs_inactive(inode: Inode): void {
  bmap_free(inode, 0, file_pages())
}
