/** The corpus: real bugs that the model shows, and shows fixed. Each is a scenario on two kernels. */
import type { ViolationClass } from '../../dialect/index.ts'

export interface Bug {
  readonly slug: string
  /** The commit that fixed it. */
  readonly fix: string
  readonly scenario: string
  /** File systems that had it. */
  readonly fs: readonly string[]
  /** A kernel with the bug, and one without: the same but for the fix where that can be. */
  readonly buggy: string
  readonly fixed: string
  readonly class: ViolationClass
}

export const bugs: readonly Bug[] = [
  {
    slug: 'fsdax-pin-put-missed-wake',
    fix: 'f4f451a16dd1',
    scenario: 'dio-vs-punch-hole',
    fs: ['xfs', 'ext4', 'fuse'],
    buggy: '5.18',
    fixed: '5.18+song-v2',
    class: 'missed-wakeup',
  },
  {
    slug: 'fsdax-gup-undo-missed-wake',
    fix: 'f4f451a16dd1',
    scenario: 'gup-fast-vs-truncate',
    fs: ['xfs', 'ext4', 'fuse'],
    buggy: '5.18',
    fixed: '5.18+song-v2',
    class: 'missed-wakeup',
  },
  {
    slug: 'bio-release-missed-wake',
    fix: 'bio-fix',
    scenario: 'dio-vs-punch-hole',
    fs: ['xfs', 'ext4', 'fuse'],
    buggy: '6.1.176',
    fixed: '6.1.176+bio-fix',
    class: 'missed-wakeup',
  },
  {
    slug: 'dax-invalidate-chain-broken',
    fix: '237388320dee',
    scenario: 'opens-vs-fault',
    fs: ['fuse'],
    buggy: '7.3+dax-invalidate-chain-broken',
    fixed: '7.3',
    class: 'missed-wakeup',
  },
  {
    slug: 'wait-on-the-wrong-address',
    fix: '38607c62b34b',
    scenario: 'dio-vs-punch-hole',
    fs: ['xfs', 'ext4', 'fuse'],
    buggy: '6.14+wait-on-the-wrong-address',
    fixed: '6.14',
    class: 'missed-wakeup',
  },
  {
    slug: 'break-layout-retry-lost',
    fix: 'b1f382178d15',
    scenario: 'two-pages-vs-truncate',
    fs: ['xfs', 'ext4'],
    buggy: '5.10+break-layout-retry-lost',
    fixed: '5.10',
    class: 'use-after-free',
  },
  {
    slug: 'truncate-frees-block-under-dma',
    fix: '5fac7408d828',
    scenario: 'reuse-after-truncate',
    fs: ['xfs', 'ext4'],
    buggy: '5.10+truncate-frees-block-under-dma',
    fixed: '5.10',
    class: 'use-after-free',
  },
  {
    slug: 'busy-scan-skips-locked-entry',
    fix: '6be3e21d25ca',
    scenario: 'fsync-vs-truncate',
    fs: ['xfs', 'ext4', 'fuse'],
    buggy: '7.3+busy-scan-skips-locked-entry',
    fixed: '7.3',
    class: 'use-after-free',
  },
  {
    slug: 'busy-scan-ignores-unmapped-file',
    fix: 'cee91fa13a8e',
    scenario: 'pin-munmap-truncate',
    fs: ['xfs', 'ext4', 'fuse'],
    buggy: '7.3+busy-scan-ignores-unmapped-file',
    fixed: '7.3',
    class: 'use-after-free',
  },
  {
    slug: 'evict-does-not-wait',
    fix: '0e2f80afcfa6',
    scenario: 'unlink-vs-dio',
    fs: ['xfs', 'ext4', 'fuse'],
    buggy: '7.3+evict-does-not-wait',
    fixed: '7.3',
    class: 'use-after-free',
  },
  {
    slug: 'fuse-truncate-breaks-nothing',
    fix: '7851bf649d42',
    scenario: 'fuse-truncate',
    fs: ['fuse'],
    buggy: '7.3+fuse-truncate-breaks-nothing',
    fixed: '7.3',
    class: 'stale-mapping',
  },
  {
    slug: 'munmap-flushes-after-forgetting',
    fix: '38607c62b34b',
    scenario: 'munmap-vs-truncate',
    fs: ['xfs', 'ext4'],
    buggy: '6.14',
    fixed: '6.15',
    class: 'stale-mapping',
  },
  {
    slug: 'fault-fills-hole-being-punched',
    fix: 'ea3d7209ca01',
    scenario: 'fault-vs-punch-hole',
    fs: ['xfs', 'ext4', 'fuse'],
    buggy: '7.3+fault-fills-hole-being-punched',
    fixed: '7.3',
    class: 'stale-mapping',
  },
  {
    slug: 'read-fault-maps-hole-after-write',
    fix: '13e451fdc1af',
    scenario: 'write-vs-read-fault',
    fs: ['xfs', 'ext4'],
    buggy: '7.3+read-fault-maps-hole-after-write',
    fixed: '7.3',
    class: 'stale-mapping',
  },
]
