/**
 * The split of a folio lets a tail be found before it has written the offset of the new page. Who gets a reference without
 * a lock trusts the offset, and handles a page of another place of the file.
 */
import { at, expect, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  CompoundPage,
  CompoundPte,
  folio_try_get,
  page_ref_unfreeze,
  put_compound_page,
  split_huge_page,
} from '../kernel/index.ts'

const head = at(CompoundPage, 0)
const tail = at(CompoundPage, 1)
const head_pte = at(CompoundPte, 0)
const tail_pte = at(CompoundPte, 1)

function setup(): void {
  head.head = head
  tail.head = head
  head._refcount.set(2)
  head_pte.pfn = head
  tail_pte.pfn = tail
}

/** Writes page 1 of the file back. It has found the page before. */
function writeback(): void {
  if (!folio_try_get(tail)) return
  const index = tail.index
  expect(index === 1, 'data-corruption', 'the bytes of page 1 are written to place 1')
  put_compound_page(tail)
}

function split(): void {
  split_huge_page(head, tail, head_pte, tail_pte)
}

export const lookup_vs_split = scenario({
  id: 'lookup-vs-split',
  bounds: {},
  setup,
  tasks: { writeback, split },
  reaches: { found: () => tail._refcount.read() === 2 },
})

export const two_lookups_vs_split = scenario({
  id: 'two-lookups-vs-split',
  bounds: {},
  setup,
  tasks: { writeback, other_writeback: () => writeback(), split },
})

export default bug({
  slug: 'split-tail-visible-before-its-fields',
  title: 'mm/huge_memory.c: reorder operations in __split_huge_page_tail()',
  fix: '605ca5ede764',
  releases: 'to 4.16; by another order of the same to 4.19',
  class: 'data-corruption',
  after: {
    __split_huge_page_tail(page: CompoundPage): void {
      page.head = page
      page_ref_unfreeze(page)
      page.index = 1
    },
  },
  shows: { scenario: lookup_vs_split },
  larger: { scenario: two_lookups_vs_split },
})
