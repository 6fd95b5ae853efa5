/**
 * A small fault under a huge entry takes all pages of that entry out of the file and puts its own one back. When another page
 * of the range fails, nobody who has it mapped is told.
 */
import { at, expect, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  dax_huge_memory_failure,
  dax_pmd_fault,
  dax_small_fault,
  HugeDaxRange,
  SLOT_HUGE,
  SLOT_SMALL,
} from '../kernel/index.ts'

const range = at(HugeDaxRange, 0)

function memory_error(index: number): void {
  const found = dax_huge_memory_failure(range, index)
  expect(found, 'assertion', 'who has a page mapped is found when it fails')
}

export const mixed_mappings = scenario({
  id: 'huge-and-small-mapping-vs-memory-error',
  bounds: {},
  tasks: {
    huge: () => {
      dax_pmd_fault(range)
    },
    small: () => dax_small_fault(range, 0),
    error: () => memory_error(1),
  },
  reaches: { huge_mapped: () => range.slot === SLOT_HUGE && range.mapped[1] },
})

export const more_mixed_mappings = scenario({
  id: 'huge-and-two-small-mappings-vs-memory-error',
  bounds: {},
  tasks: {
    huge: () => {
      dax_pmd_fault(range)
    },
    small: () => dax_small_fault(range, 0),
    other_small: () => dax_small_fault(range, 1),
    error: () => memory_error(1),
  },
})

export default bug({
  slug: 'pmd-reassociation-loses-rmap',
  title: 'dax: Fix xarray entry association for mixed mappings',
  fix: '1571c029a2ff',
  releases: '4.17 to 5.1',
  class: 'assertion',
  after: {
    dax_insert_small_entry(of: HugeDaxRange, index: number): void {
      of.associated[0] = false
      of.associated[1] = false
      of.associated[index] = true
      if (of.slot !== SLOT_HUGE) of.slot = SLOT_SMALL
    },
  },
  shows: { scenario: mixed_mappings },
  larger: { scenario: more_mixed_mappings },
})
