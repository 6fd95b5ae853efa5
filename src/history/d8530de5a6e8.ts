/**
 * "block: call into the file system for bdev_mark_dead", v6.6.
 * Before it the end of a block device ended the inodes that nobody used, and did not shut the file system down.
 */
import { down_read, up_read } from '../dialect/index.ts'
import { evict_inodes, type SuperBlock } from '../kernel/index.ts'
import { change } from './change.ts'

export default change({
  commit: 'd8530de5a6e8',
  title: 'block: call into the file system for bdev_mark_dead',
  since: '6.6',
  before: {
    /** Linux v6.5: __invalidate_device(). */
    fs_bdev_mark_dead(sb: SuperBlock): void {
      down_read(sb.s_umount)
      evict_inodes(sb)
      up_read(sb.s_umount)
    },
  },
})
