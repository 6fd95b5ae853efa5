/**
 * The end of an inode removes its entries and frees its blocks, whoever uses the pages. Fixed by 0e2f80afcfa6, v6.15:
 * this is 7.3 without that commit.
 */
import {
  ext4_truncate,
  file_pages,
  fuse_simple_request,
  truncate_inode_pages_final,
  xfs_inactive,
  type Inode,
} from '../../kernel/index.ts'
import { change } from '../change.ts'

export default change({
  commit: 'evict-does-not-wait',
  title: 'evict: do not wait for pages in use',
  after: {
    xfs_fs_evict_inode(inode: Inode): void {
      truncate_inode_pages_final(inode.i_mapping!)
      xfs_inactive(inode)
    },
    ext4_evict_inode(inode: Inode): void {
      truncate_inode_pages_final(inode.i_mapping!)
      ext4_truncate(inode, 0)
    },
    fuse_evict_inode(inode: Inode): void {
      truncate_inode_pages_final(inode.i_mapping!)
      fuse_simple_request(inode, 0, file_pages())
    },
  },
})
