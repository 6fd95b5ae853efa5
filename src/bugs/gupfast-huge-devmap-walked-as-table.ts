/**
 * Fast GUP does not know the huge entries of devices when the kernel has no hugetlb. It walks into what such an entry names as
 * if it were a page table, and takes references of whatever the bytes of the file name.
 */
import { at, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  expect_mapped_page,
  gup_pmd_range,
  pmd_trans_huge,
  WALK_DEVMAP,
  WalkPage,
  WalkPmd,
  WalkTarget,
} from '../kernel/index.ts'

const pmd = at(WalkPmd, 0)
const file_page = at(WalkPage, 0)
const stranger = at(WalkPage, 1)
const other_pmd = at(WalkPmd, 1)
const empty_pmd = at(WalkPmd, 2)

/** A huge page of a DAX file. Its first word looks like an entry that names a page of somebody else. */
function setup(): void {
  at(WalkTarget, 0).word = 2
  pmd.kind = WALK_DEVMAP
  pmd.target = at(WalkTarget, 0)
  other_pmd.kind = WALK_DEVMAP
  other_pmd.target = at(WalkTarget, 0)
}

function direct_io(through: WalkPmd): void {
  const page = gup_pmd_range(through, file_page, stranger)
  if (page === null) return
  expect_mapped_page(page, file_page)
  page._refcount.dec()
}

export const one_gup = scenario({
  id: 'gup-fast-of-a-huge-device-mapping',
  bounds: {},
  setup,
  tasks: { fio: () => direct_io(pmd) },
})

export const two_gups = scenario({
  id: 'two-gup-fast-of-a-huge-device-mapping',
  bounds: {},
  setup,
  tasks: {
    fio: () => direct_io(pmd),
    other_fio: () => direct_io(other_pmd),
    fio_of_nothing: () => direct_io(empty_pmd),
  },
})

export default bug({
  slug: 'gupfast-huge-devmap-walked-as-table',
  title: 'mm/gup: fix gup_pmd_range() for dax',
  fix: '414fd080d125',
  releases: 'to 4.20; of PUDs to 6.0',
  class: 'use-after-free',
  after: {
    gup_pmd_is_huge(walked: WalkPmd): boolean {
      return pmd_trans_huge(walked)
    },
  },
  shows: { scenario: one_gup },
  larger: { scenario: two_gups },
})
