/**
 * Two CPUs touch a page that a device has for itself. One gives the page its ordinary entry back, and the program unmaps
 * it; the other, which has read the entry before and holds no reference, locks a page that is free.
 */
import { at, property, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  do_exclusive_fault,
  ExclusivePage,
  ExclusivePte,
  PTE_EXCLUSIVE,
  PTE_NONE,
  restore_exclusive_pte,
  reuse_exclusive_page,
  zap_exclusive_pte,
} from '../kernel/index.ts'

const page = at(ExclusivePage, 0)
const pte = at(ExclusivePte, 0)

function setup(): void {
  page._refcount.set(1)
  pte.kind = PTE_EXCLUSIVE
}

function touch_and_unmap(): void {
  do_exclusive_fault(pte, page)
  zap_exclusive_pte(pte, page)
}

const unmapped = property('stale-mapping', 'a page that was unmapped stays so', () => pte.kind === PTE_NONE)

export const two_faults = scenario({
  id: 'device-exclusive-two-faults',
  bounds: {},
  setup,
  tasks: {
    thread: touch_and_unmap,
    other_thread: () => do_exclusive_fault(pte, page),
    next_owner: () => reuse_exclusive_page(page),
  },
  finally: { unmapped },
  reaches: { unmapped_under_a_fault: () => page._refcount.read() === 0 && page.lock.holder === null },
})

export const two_faults_vs_unmap = scenario({
  id: 'device-exclusive-two-faults-vs-unmap',
  bounds: {},
  setup,
  tasks: {
    thread: touch_and_unmap,
    other_thread: () => do_exclusive_fault(pte, page),
    unmapper: () => zap_exclusive_pte(pte, page),
    next_owner: () => reuse_exclusive_page(page),
  },
  finally: { unmapped },
})

export default bug({
  slug: 'device-exclusive-lock-without-reference',
  title: 'mm: take a page reference when removing device exclusive entries',
  fix: '7c7b962938dd',
  introduced: 'b756a3b5e7ea',
  releases: '5.14 to 6.2',
  class: 'use-after-free',
  after: {
    remove_device_exclusive_entry(of: ExclusivePte, named: ExclusivePage): void {
      restore_exclusive_pte(of, named)
    },
  },
  shows: { scenario: two_faults },
  larger: { scenario: two_faults_vs_unmap },
})
