/**
 * A program takes references of one page again and again, and nothing refuses: the count comes round to zero, and the next
 * put frees a page that many still have.
 */
import { at, scenario, type u8 } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import { CountedPage, get_counted_page } from '../kernel/index.ts'

const page = at(CountedPage, 0)

/** Mapped once. */
function setup(): void {
  page._refcount.set(1)
}

function attack(): void {
  for (let n: u8 = 0; n < 20; n++) get_counted_page(page)
}

export const one_program = scenario({
  id: 'references-without-end',
  bounds: {},
  setup,
  tasks: { program: attack },
})

export const two_programs = scenario({
  id: 'references-without-end-from-two',
  bounds: {},
  setup,
  tasks: { program: attack, other_program: () => attack() },
})

export default bug({
  slug: 'page-count-overflow',
  title: 'mm: prevent get_user_pages() from overflowing page refcount',
  fix: '8fde12ca79af',
  releases: 'to 5.0',
  class: 'refcount',
  after: {
    try_get_page(got: CountedPage): boolean {
      got._refcount.inc()
      return true
    },
  },
  shows: { scenario: one_program },
  larger: { scenario: two_programs },
})
