/**
 * A process takes a reference of a page that it shares since a fork, for reading, and unmaps the page. The other process is
 * alone in having it mapped then, and keeps it for what it writes: the reference reads the other one's private data.
 */
import { at, expect, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import { CowPage, CowPte, get_user_page_for_reading, store_to_cow_page, zap_cow_pte } from '../kernel/index.ts'

const page = at(CowPage, 0)
const reader_pte = at(CowPte, 0)
const writer_pte = at(CowPte, 1)
const third_pte = at(CowPte, 2)

/** What the page holds when it is shared, and what the writer makes of it. */
const SHARED = 1
const PRIVATE = 2

/** After a fork: both may only read. Page 1 and those after it are free. */
function setup(): void {
  page.data = SHARED
  page._refcount.set(2)
  page._mapcount.set(2)
  reader_pte.pfn = page
  writer_pte.pfn = page
  at(CowPage, 2)._refcount.set(0)
}

function read_through_a_reference(): void {
  const got = get_user_page_for_reading(reader_pte)
  if (got === null) return
  zap_cow_pte(reader_pte)
  const data = got.data
  expect(data === SHARED, 'data-corruption', 'a reference for reading reads what was mapped, not what others write')
}

export const reader_vs_writer = scenario({
  id: 'read-only-gup-vs-writer',
  bounds: {},
  setup,
  tasks: {
    reader: read_through_a_reference,
    writer: () => store_to_cow_page(writer_pte, PRIVATE),
  },
})

export const reader_vs_two_writers = scenario({
  id: 'read-only-gup-vs-two-writers',
  bounds: {},
  setup() {
    setup()
    page._refcount.set(3)
    page._mapcount.set(3)
    third_pte.pfn = page
    at(CowPage, 3)._refcount.set(0)
  },
  tasks: {
    reader: read_through_a_reference,
    writer: () => store_to_cow_page(writer_pte, PRIVATE),
    other_writer: () => store_to_cow_page(third_pte, PRIVATE),
  },
})

export default bug({
  slug: 'read-only-gup-loses-its-page-to-the-writer',
  title: 'gup: document and work around "COW can break either way" issue',
  fix: '17839856fd58',
  releases: 'long-standing, to 5.7',
  class: 'data-corruption',
  after: {
    should_force_cow_break(_pte: CowPte): boolean {
      return false
    },
  },
  shows: { scenario: reader_vs_writer },
  larger: { scenario: reader_vs_two_writers },
})
