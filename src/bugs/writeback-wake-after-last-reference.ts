/**
 * The end of writeback clears the bit that kept the page and then looks at the page to wake who waits. By then the page
 * may be free, or somebody else's.
 */
import { at, init, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  alloc_cache_page,
  CachePage,
  end_page_writeback,
  PageOwner,
  remove_mapping,
  start_writeback,
  wake_up_page,
} from '../kernel/index.ts'

const page = at(CachePage, 0)
const file = at(PageOwner, 0)
const next_file = at(PageOwner, 1)
const third_file = at(PageOwner, 2)

function setup(): void {
  init(file, { number: 0 })
  alloc_cache_page(page, file)
  start_writeback(page)
}

export const writeback_vs_reclaim = scenario({
  id: 'end-of-writeback-vs-reclaim',
  bounds: {},
  setup,
  tasks: {
    end_io: () => end_page_writeback(page, file),
    truncate: () => remove_mapping(page),
    next: () => {
      alloc_cache_page(page, next_file)
      start_writeback(page)
      end_page_writeback(page, next_file)
    },
  },
  reaches: { reused: () => page.owner === next_file },
})

export const writeback_vs_two_owners = scenario({
  id: 'end-of-writeback-vs-two-owners',
  bounds: {},
  setup,
  tasks: {
    end_io: () => end_page_writeback(page, file),
    truncate: () => remove_mapping(page),
    next: () => {
      alloc_cache_page(page, next_file)
      start_writeback(page)
      end_page_writeback(page, next_file)
      remove_mapping(page)
    },
    third: () => {
      alloc_cache_page(page, third_file)
      start_writeback(page)
      end_page_writeback(page, third_file)
      remove_mapping(page)
    },
  },
})

export default bug({
  slug: 'writeback-wake-after-last-reference',
  title: 'mm: fix VM_BUG_ON(PageTail) and BUG_ON(PageWriteback)',
  fix: '073861ed77b6',
  releases: '5.8 and 5.9',
  class: 'use-after-free',
  after: {
    end_page_writeback(written: CachePage, owner: PageOwner): void {
      written.writeback = false
      wake_up_page(written, owner)
    },
  },
  shows: { scenario: writeback_vs_reclaim },
  larger: { scenario: writeback_vs_two_owners },
})
