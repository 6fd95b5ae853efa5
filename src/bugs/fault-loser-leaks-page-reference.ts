/**
 * Two faults find the same page, each with a reference. The one that finds it mapped already returns "nothing to do", which is
 * for cases in which there is no page, and its reference stays for ever.
 */
import { at, property, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import { do_huge_shared_fault, FaultRange, zap_huge_range } from '../kernel/index.ts'

const range = at(FaultRange, 0)
const only_the_entry = property('leak', 'the page has one reference for its entry and no others', () =>
  range.pmd ? range.page_refcount.read() === 1 : range.page_refcount.read() === 0,
)

export const two_faults_and_unmap = scenario({
  id: 'two-huge-faults-and-munmap',
  bounds: {},
  tasks: {
    program: () => do_huge_shared_fault(range),
    other_program: () => do_huge_shared_fault(range),
    munmap: () => zap_huge_range(range),
  },
  finally: { only_the_entry },
  reaches: { mapped: () => range.pmd },
})

export const three_faults_and_unmap = scenario({
  id: 'three-huge-faults-and-munmap',
  bounds: {},
  tasks: {
    program: () => do_huge_shared_fault(range),
    other_program: () => do_huge_shared_fault(range),
    third_program: () => do_huge_shared_fault(range),
    munmap: () => zap_huge_range(range),
  },
  finally: { only_the_entry },
})

export default bug({
  slug: 'fault-loser-leaks-page-reference',
  title: 'mm: fix page leak with multiple threads mapping the same page',
  fix: '3fe2895cfecd',
  introduced: 'f9ce0be71d1f',
  releases: '5.12 to 5.18',
  class: 'leak',
  after: {
    huge_fault_lost(): number {
      return 0
    },
  },
  shows: { scenario: two_faults_and_unmap },
  larger: { scenario: three_faults_and_unmap },
})
