/**
 * Fast GUP looks up the head of a tail page and raises the count there. The folio is split in between, so the count is that
 * of another page by then, and the page that GUP returns has no reference of it.
 */
import { at, expect, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  compound_head,
  CompoundPage,
  CompoundPte,
  gup_compound_pte,
  put_compound_page,
  reuse_compound_page,
  split_huge_page,
  STRANGERS_INDEX,
  zap_compound_pte,
} from '../kernel/index.ts'

const head = at(CompoundPage, 0)
const tail = at(CompoundPage, 1)
const head_pte = at(CompoundPte, 0)
const tail_pte = at(CompoundPte, 1)

/** A folio of two pages, both mapped. */
function setup(): void {
  head.head = head
  tail.head = head
  head._refcount.set(2)
  head_pte.pfn = head
  tail_pte.pfn = tail
}

function direct_io(): void {
  const page = gup_compound_pte(tail_pte)
  if (page === null) return
  expect(compound_head(page)._refcount.read() !== 0, 'use-after-free', 'a page that GUP has returned is not free')
  expect(page.index !== STRANGERS_INDEX, 'use-after-free', 'GUP returns pages of the program, and no others')
  put_compound_page(page)
}

function split_and_unmap(): void {
  split_huge_page(head, tail, head_pte, tail_pte)
  zap_compound_pte(tail_pte)
}

function split_unmap_and_reuse(): void {
  const split = split_huge_page(head, tail, head_pte, tail_pte)
  zap_compound_pte(tail_pte)
  if (split) reuse_compound_page(tail)
}

export const gup_vs_split = scenario({
  id: 'gup-fast-vs-split',
  bounds: {},
  setup,
  tasks: { fio: direct_io, split: split_and_unmap },
  reaches: { split: () => tail.head === tail },
})

export const two_gups_vs_split = scenario({
  id: 'two-gup-fast-vs-split',
  bounds: {},
  setup,
  tasks: {
    fio: direct_io,
    other_fio: () => direct_io(),
    split: split_unmap_and_reuse,
  },
})

export default bug({
  slug: 'gupfast-raises-count-of-wrong-head',
  title: 'mm/gup: fix try_grab_compound_head() race with split_huge_page()',
  fix: 'c24d37322548',
  introduced: '7aef4172c795',
  releases: '4.5 to 5.13',
  class: 'use-after-free',
  after: {
    try_get_compound_head(page: CompoundPage): CompoundPage | null {
      const folio = compound_head(page)
      return folio._refcount.inc_not_zero() ? folio : null
    },
  },
  shows: { scenario: gup_vs_split },
  larger: { scenario: two_gups_vs_split },
})
