/**
 * Direct I/O from a buffer that begins inside a page touches one page more than its length says. All are pinned, and at the
 * end as many are unpinned as the length says: one pin stays.
 *
 * On DAX a truncate then waits for that page for ever.
 */
import { at, choose, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  BioVec,
  blocks_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  sys_direct_io_unaligned,
  sys_ftruncate,
  sys_munmap,
  thread_init,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { nothing_mapped, pages_idle } from '../scenarios/properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const bvec = at(BioVec, 0)

/** A buffer of one page that begins where a page begins, or in the middle. */
function setup(): void {
  machine_init()
  file_init(file, 2)
  blocks_init(file, 2)
  vma_init(vma, mm, file, 2)
  mapped_init(vma)
  thread_init(0, mm)
  bvec.bv_offset = choose(2)
  bvec.bv_len = 2
}

function fio(): void {
  sys_direct_io_unaligned(bvec, vma)
  sys_munmap(vma)
}

export const unaligned_io = scenario({
  id: 'unaligned-direct-io',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup,
  tasks: { fio },
  finally: { pages_idle, nothing_mapped },
})

export const unaligned_io_vs_truncate = scenario({
  id: 'unaligned-direct-io-vs-truncate',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup,
  tasks: {
    fio,
    truncate: () => {
      sys_ftruncate(file, 0)
    },
  },
  finally: { pages_idle, nothing_mapped },
})

export default bug({
  slug: 'bio-releases-too-few-pages',
  title: 'block: Fix page refcounts for unaligned buffers in __bio_release_pages()',
  fix: '38b43539d64b',
  introduced: '1b151e2435fc',
  releases: '6.8, and stable kernels with the change that brought it',
  class: 'leak',
  after: {
    bio_release_nr_pages(_offset: number, length: number): number {
      return (length + 1) >> 1
    },
  },
  shows: { scenario: unaligned_io, fs: 'xfs' },
  also: [{ scenario: unaligned_io_vs_truncate, fs: 'xfs', class: 'hung-waiter' }],
  larger: { scenario: unaligned_io_vs_truncate, fs: 'ext4' },
})
