/**
 * A huge fault meets a small entry that is locked, and waits for it in the queue of its own index, the first of the range.
 * The small fault wakes the queue of the entry's index, which is another one.
 *
 * The sleeper holds the lock of the address space, so the whole process stops with it.
 */
import { at, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  DaxRange,
  grab_range_entry,
  ORDER_PMD,
  ORDER_PTE,
  unlock_range_entry,
  wait_range_entry,
} from '../kernel/index.ts'

const range = at(DaxRange, 0)

/** A fault of a small page. */
function pte_fault(index: number): void {
  if (grab_range_entry(range, index, ORDER_PTE)) unlock_range_entry(range, index)
}

/** A fault of the huge page, or of the first small one where the huge one cannot be. */
function pmd_fault(): void {
  if (grab_range_entry(range, 0, ORDER_PMD)) unlock_range_entry(range, 0)
  else pte_fault(0)
}

export const small_and_huge = scenario({
  id: 'small-fault-vs-huge-fault',
  bounds: {},
  tasks: { small: () => pte_fault(1), huge: () => pmd_fault() },
  reaches: { small_is_locked: () => range.small[1].locked, huge_is_locked: () => range.huge.locked },
})

export const two_small_and_huge = scenario({
  id: 'two-small-faults-vs-huge-fault',
  bounds: {},
  tasks: { small: () => pte_fault(1), other_small: () => pte_fault(0), huge: () => pmd_fault() },
})

export default bug({
  slug: 'dax-pmd-waiter-wrong-queue',
  title: 'dax: Fix missed wakeup with PMD faults',
  fix: '23c84eb78375',
  introduced: 'b15cd800682f',
  releases: '4.20 to 5.2',
  class: 'missed-wakeup',
  after: {
    get_unlocked_range_entry(of: DaxRange, index: number, order: number): boolean {
      for (;;) {
        if (of.huge.present) {
          if (!of.huge.locked) return true
          wait_range_entry(of, of.huge, 0)
        } else if (order === ORDER_PMD) {
          if (of.small[0].locked) wait_range_entry(of, of.small[0], index)
          else if (of.small[1].locked) wait_range_entry(of, of.small[1], index)
          else return !of.small[0].present && !of.small[1].present
        } else {
          if (!of.small[index].locked) return true
          wait_range_entry(of, of.small[index], index)
        }
      }
    },
  },
  shows: { scenario: small_and_huge },
  larger: { scenario: two_small_and_huge },
})
