/**
 * Fork looks whether a page is pinned, sees that it is not, and makes parent and child share it. A pin that comes in between
 * is of a page that the parent's next store moves away from: device and program no longer use the same memory.
 */
import { at, expect, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  AnonPage,
  AnonPte,
  copy_page_range,
  ForkMm,
  pin_anon_page_fast,
  set_anon_pte,
  store_to_anon_page,
} from '../kernel/index.ts'

const mm = at(ForkMm, 0)
const page = at(AnonPage, 0)
const parent_pte = at(AnonPte, 0)
const child_pte = at(AnonPte, 1)
const second_child_pte = at(AnonPte, 2)

function setup(): void {
  page._refcount.set(1)
  set_anon_pte(parent_pte, page, true)
}

/** A thread registers a buffer with a device, and stores to it later. */
function register_and_store(): void {
  const pinned = pin_anon_page_fast(mm, parent_pte)
  if (pinned === null) return
  store_to_anon_page(parent_pte, at(AnonPage, 2))
  const mapped = parent_pte.pfn
  expect(mapped === pinned, 'data-corruption', 'device and program use the same memory')
}

export const pin_vs_fork = scenario({
  id: 'pin-vs-fork',
  bounds: {},
  setup,
  tasks: {
    rdma: register_and_store,
    fork: () => copy_page_range(mm, parent_pte, child_pte, at(AnonPage, 1)),
  },
  reaches: { pinned_before_fork: () => page._pincount.read() === 1 && mm.write_protect_seq === 0 },
})

export const pin_vs_two_forks = scenario({
  id: 'pin-vs-two-forks',
  bounds: {},
  setup,
  tasks: {
    rdma: register_and_store,
    fork: () => {
      copy_page_range(mm, parent_pte, child_pte, at(AnonPage, 1))
      copy_page_range(mm, parent_pte, second_child_pte, at(AnonPage, 3))
    },
  },
})

export default bug({
  slug: 'gupfast-pin-against-fork',
  title: 'mm/gup: prevent gup_fast from racing with COW during fork',
  fix: '57efa1fe5957',
  introduced: '70e806e4e645',
  releases: '5.9 and 5.10',
  class: 'data-corruption',
  after: {
    write_protect_seq_changed(_mm: ForkMm, _seq: number): boolean {
      return false
    },
  },
  shows: { scenario: pin_vs_fork },
  larger: { scenario: pin_vs_two_forks },
})
