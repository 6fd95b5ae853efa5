/**
 * munmap clears the page table, makes the file forget the mapping, and only then flushes. A truncate in between finds no
 * mapping, flushes nothing and frees the block, while another thread still stores to it through its TLB.
 */
import { scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import { sys_ftruncate, sys_munmap, thread_init, user_touch } from '../kernel/index.ts'
import { no_entry_left, nobody_warned, nothing_mapped, pages_idle } from '../scenarios/properties.ts'
import { file, mapped_file_init, mm, vma } from '../scenarios/setups.ts'

export const with_second_writer = scenario({
  id: 'munmap-vs-truncate-two-writers',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(1, 1)
    thread_init(1, mm)
    thread_init(2, mm)
  },
  tasks: {
    unmapper: () => {
      sys_munmap(vma)
    },
    writer: () => {
      user_touch(vma, 0, true)
      user_touch(vma, 0, true)
    },
    other_writer: () => {
      user_touch(vma, 0, true)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
  },
  finally: { nobody_warned, pages_idle, nothing_mapped, no_entry_left },
})

export default bug({
  slug: 'munmap-flushes-after-forgetting',
  title: 'mmu_gather: Force TLB-flush VM_PFNMAP|VM_MIXEDMAP vmas',
  fix: 'b67fbebd4cf9',
  releases: 'to 5.18 for virtiofs; to 6.14 for file systems without VM_MIXEDMAP',
  class: 'stale-mapping',
  kernel: '5.19',
  undo: ['b67fbebd4cf9'],
  shows: { scenario: 'munmap-vs-truncate', fs: 'fuse' },
  larger: { scenario: with_second_writer, fs: 'fuse' },
})
