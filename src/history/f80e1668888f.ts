/**
 * "fsdax: invalidate pages when CoW", v6.2.
 * Before it a write to a shared block moved the file to a copy, and its entries and mappings stayed with the old block. Left out:
 * that the marks for write-back are cleared since v6.3 only, without which a dirty entry stays.
 */
import type { Inode } from '../kernel/index.ts'
import { change } from './change.ts'

export default change({
  commit: 'f80e1668888f',
  title: 'fsdax: invalidate pages when CoW',
  since: '6.2',
  before: {
    dax_invalidate_cow(_inode: Inode, _index: number): void {},
  },
})
