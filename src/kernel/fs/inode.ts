/** The life of inodes. Linux 7.3 fs/inode.c. Left out: the inode cache; an inode with a name stays in memory for ever. */
import { all, bound } from '../../dialect/index.ts'
import { EXT4, FUSE, Inode, type SuperBlock } from '../include/fs.ts'
import { ext4_evict_inode } from './ext4/inode.ts'
import { fuse_evict_inode } from './fuse/file.ts'
import { xfs_fs_evict_inode } from './xfs/xfs_super.ts'

/** As many pages as a file of this model can have: "to the end of the file", whatever its size. */
export function file_pages(): number {
  return bound('pages')
}

export function ihold(inode: Inode): void {
  inode.i_count.inc()
}

/** Who drops the last reference of a file without a name ends it. */
export function iput(inode: Inode): void {
  if (inode.i_count.dec_and_test() && inode.i_nlink === 0) evict(inode)
}

/** Ends the inodes that nobody uses, whether they have a name or not. The name itself is no user. */
export function evict_inodes(sb: SuperBlock): void {
  for (const inode of all(Inode)) {
    if (inode.i_sb === sb && inode.i_count.read() === inode.i_nlink) evict(inode)
  }
}

/** It has a name: the device is going away, not the file. Where no device goes, only files without a name end. */
export function keeps_blocks(inode: Inode): boolean {
  return inode.i_sb!.s_dax_dev !== null && inode.i_nlink !== 0
}

export function evict(inode: Inode): void {
  const type = inode.i_sb!.s_type
  if (type === EXT4) ext4_evict_inode(inode)
  else if (type === FUSE) fuse_evict_inode(inode)
  else xfs_fs_evict_inode(inode)
}
