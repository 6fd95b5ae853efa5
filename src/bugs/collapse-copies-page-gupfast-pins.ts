/**
 * Fast GUP pins a small page just when it is copied into a huge one: the entry that it looks at again has not changed, only
 * nobody reads that table any more. What the device writes is lost.
 */
import { array, at, bool, property, scenario, Struct } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  collapse_huge_page,
  dma_to_small_page,
  gup_fast_small_page,
  HugeRange,
  PMD_LEAF,
  PMD_TABLE,
} from '../kernel/index.ts'

/** What the program was told. */
class Program extends Struct<'program'> {
  /** By thread: its direct I/O has written. */
  written = array(2, () => bool())
}

const range = at(HugeRange, 0)
const program = at(Program, 0)

function setup(): void {
  range.pmd = PMD_TABLE
  range.pte = true
  range.small_refcount.set(1)
}

function direct_io(thread: number): void {
  if (!gup_fast_small_page(range)) return
  dma_to_small_page(range)
  program.written[thread] = true
}

const written_is_read = property('data-corruption', 'the program reads what its direct I/O has written', () => {
  if (!program.written[0] && !program.written[1]) return true
  return range.pmd === PMD_LEAF ? range.huge_data === 1 : range.small_data === 1
})

export const gup_vs_collapse = scenario({
  id: 'gup-fast-vs-collapse',
  bounds: {},
  setup,
  tasks: {
    fio: () => direct_io(0),
    khugepaged: () => {
      collapse_huge_page(range)
    },
  },
  finally: { written_is_read },
  reaches: { written: () => program.written[0] && range.pmd === PMD_LEAF },
})

export const two_gups_vs_collapse = scenario({
  id: 'two-gup-fast-vs-collapse',
  bounds: {},
  setup,
  tasks: {
    fio: () => direct_io(0),
    other_fio: () => direct_io(1),
    khugepaged: () => {
      collapse_huge_page(range)
    },
  },
  finally: { written_is_read },
})

export default bug({
  slug: 'collapse-copies-page-gupfast-pins',
  title: 'mm: gup: fix the fast GUP race against THP collapse',
  fix: '70cbc3cc78a9',
  introduced: '2667f50e8b81',
  releases: 'to 6.0',
  class: 'data-corruption',
  after: {
    gup_fast_unchanged(walked: HugeRange): boolean {
      return walked.pte
    },
  },
  shows: { scenario: gup_vs_collapse },
  larger: { scenario: two_gups_vs_collapse },
})
