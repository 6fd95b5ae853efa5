/**
 * XFS learns that memory of its device has failed or is about to go. Linux 7.3 fs/xfs/xfs_notify_failure.c.
 *
 * The reverse map leads from blocks to files; without it nothing is done, and the generic code does what it can.
 * Left out: real-time and log devices; metadata in the range, but for that of a whole device.
 */
import { all, bound, expect } from '../../../dialect/index.ts'
import { EFSCORRUPTED, EOPNOTSUPP, type Errno } from '../../include/errno.ts'
import { MF_MEM_PRE_REMOVE } from '../../include/dax.ts'
import { Inode, type Block, type SuperBlock } from '../../include/fs.ts'
import { mf_dax_kill_procs } from '../../mm/memory-failure.ts'
import { invalidate_inode_pages2_range } from '../../mm/truncate.ts'
import { bmap_lookup } from '../iomap.ts'
import { force_shutdown, freeze_super, thaw_super } from '../super.ts'

/** `block` null: the whole device. */
export function xfs_dax_notify_failure(sb: SuperBlock, block: Block | null, mf_flags: number): Errno {
  expect(!sb.freed, 'use-after-free', 'a file system that is told of a failure is there')
  if (!sb.s_rmapbt) return -EOPNOTSUPP
  return xfs_dax_notify_dev_failure(sb, block, mf_flags)
}

/** Write faults are kept out meanwhile, read faults are not. Nobody waits for pins. */
export function xfs_dax_notify_dev_failure(sb: SuperBlock, block: Block | null, mf_flags: number): Errno {
  if ((mf_flags & MF_MEM_PRE_REMOVE) === 0) return xfs_dax_media_failure(sb, block, mf_flags)
  freeze_super(sb)
  xfs_rmap_query_range(sb, block, mf_flags)
  force_shutdown(sb)
  thaw_super(sb)
  return 0
}

/** A range with metadata in it ends the file system. The whole device has some. */
export function xfs_dax_media_failure(sb: SuperBlock, block: Block | null, mf_flags: number): Errno {
  xfs_rmap_query_range(sb, block, mf_flags)
  if (block !== null) return 0
  force_shutdown(sb)
  return -EFSCORRUPTED
}

export function xfs_rmap_query_range(sb: SuperBlock, block: Block | null, mf_flags: number): void {
  for (const inode of all(Inode)) {
    for (let index = 0; index < bound('pages'); index++) {
      const found = inode.i_sb === sb ? bmap_lookup(inode, index) : null
      if (found !== null && (block === null || found === block)) xfs_dax_failure_fn(inode, index, mf_flags)
    }
  }
}

export function xfs_dax_failure_fn(inode: Inode, index: number, mf_flags: number): void {
  mf_dax_kill_procs(inode.i_mapping!, index, index + 1, mf_flags)
  if ((mf_flags & MF_MEM_PRE_REMOVE) !== 0) invalidate_inode_pages2_range(inode.i_mapping!, index, index + 1)
}
