/**
 * "fs/dax: ensure all pages are idle prior to filesystem unmount", v6.15.
 * Before it the end of an inode removed its entries, and freed its blocks, whoever used the pages.
 */
import {
  ext4_truncate,
  fuse_forget_inode,
  keeps_blocks,
  truncate_inode_pages_final,
  xfs_inactive,
  type Inode,
} from '../kernel/index.ts'
import { change } from './change.ts'

export default change({
  commit: '0e2f80afcfa6',
  title: 'fs/dax: ensure all pages are idle prior to filesystem unmount',
  since: '6.15',
  before: {
    /** Linux v6.14: XFS had no operation of its own here; evict() took the pages out. */
    xfs_fs_evict_inode(inode: Inode): void {
      truncate_inode_pages_final(inode.i_mapping!)
      xfs_inactive(inode)
    },
    ext4_evict_inode(inode: Inode): void {
      truncate_inode_pages_final(inode.i_mapping!)
      if (!keeps_blocks(inode)) ext4_truncate(inode, 0)
    },
    fuse_evict_inode(inode: Inode): void {
      truncate_inode_pages_final(inode.i_mapping!)
      fuse_forget_inode(inode)
    },
  },
})
