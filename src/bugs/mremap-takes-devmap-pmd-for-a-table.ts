/**
 * mremap does not know the huge entries of devices. It takes what such an entry names for a page table, and moves entries: it
 * reads and clears words of the file.
 */
import { at, property, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import { move_page_tables, pmd_trans_huge, WALK_DEVMAP, WalkPmd, WalkTarget } from '../kernel/index.ts'

const file_page = at(WalkTarget, 0)
const new_table = at(WalkTarget, 1)
const second_table = at(WalkTarget, 2)
const old_pmd = at(WalkPmd, 0)
const new_pmd = at(WalkPmd, 1)
const third_pmd = at(WalkPmd, 2)

/** A huge page of a DAX file, which holds data. */
function setup(): void {
  file_page.word = 2
  old_pmd.kind = WALK_DEVMAP
  old_pmd.target = file_page
}

const file_intact = property('data-corruption', 'mremap moves mappings and no data', () => file_page.word === 2)

export const one_move = scenario({
  id: 'mremap-of-a-huge-mapping',
  bounds: {},
  setup,
  tasks: { mremap: () => move_page_tables(old_pmd, new_pmd, new_table) },
  finally: { file_intact },
})

export const two_moves = scenario({
  id: 'two-mremaps-of-a-huge-mapping',
  bounds: {},
  setup,
  tasks: {
    mremap: () => {
      move_page_tables(old_pmd, new_pmd, new_table)
      move_page_tables(new_pmd, third_pmd, second_table)
    },
  },
  finally: { file_intact },
})

export default bug({
  slug: 'mremap-takes-devmap-pmd-for-a-table',
  title: 'mm: Fix mremap not considering huge pmd devmap',
  fix: '5bfea2d9b17f',
  releases: '4.5 to 5.7',
  class: 'data-corruption',
  after: {
    mremap_pmd_is_huge(pmd: WalkPmd): boolean {
      return pmd_trans_huge(pmd)
    },
  },
  shows: { scenario: one_move },
  larger: { scenario: two_moves },
})
