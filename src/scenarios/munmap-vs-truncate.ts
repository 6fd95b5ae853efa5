/**
 * One thread unmaps the file while it is truncated; another thread may still have the page in its TLB.
 *
 * Result: holds; stale-mapping up to 6.14 for XFS and ext4, up to 5.18 for virtiofs: munmap makes the file forget the mapping before it
 * flushes, so truncate neither finds it nor flushes, and the block is free while the other thread still stores to it.
 *
 * Since v6.15 a mapping is a reference, which munmap drops after the flush: truncate meets a page that is no longer mapped and still
 * referenced, takes it for busy, and is woken by that last put. Before, nothing held the block until the flush; b67fbebd4cf9 (v5.19)
 * closed the hole for mappings marked VM_MIXEDMAP, which those of virtiofs are. Known from reading and from this search, not from a
 * report about DAX. While the file still knows the mapping, truncate finds the entry gone and must flush all the same, since munmap
 * may not have done so yet (mm_tlb_flush_nested).
 */
import { scenario } from '../dialect/index.ts'
import { sys_ftruncate, sys_munmap, thread_init, user_touch } from '../kernel/index.ts'
import { nobody_warned, pages_idle, nothing_mapped, no_entry_left, no_lock_held, no_block_left } from './properties.ts'
import { file, mapped_file_init, mm, vma } from './setups.ts'

export default scenario({
  id: 'munmap-vs-truncate',
  group: 'quick',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(1, 1)
    thread_init(1, mm)
  },
  tasks: {
    unmapper: () => {
      sys_munmap(vma)
    },
    writer: () => {
      user_touch(vma, 0, true)
      user_touch(vma, 0, true)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
  },
  finally: {
    no_lock_held,
    nobody_warned,
    pages_idle,
    nothing_mapped,
    no_entry_left,
    no_block_left,
  },
  reaches: {
    mapped_before: () => vma.pte[0].pfn !== null,
    cleared_not_flushed: () => vma.pte[0].pfn === null && vma.tlb[1].pfn !== null,
  },
})
