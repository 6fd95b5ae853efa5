/**
 * Breaking the layout of a file unmaps private copies too. The program that has stored to its private mapping reads the page
 * of the file afterwards.
 */
import { at, expect, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  dax_layout_unmap_private,
  private_load,
  private_store,
  PrivateVma,
  unmap_private_mapping,
} from '../kernel/index.ts'

const vma = at(PrivateVma, 0)
const other_vma = at(PrivateVma, 1)

function store_and_load(of: PrivateVma): void {
  private_store(of)
  const data = private_load(of)
  expect(data, 'data-corruption', 'a program reads what it has stored to its private mapping')
}

export const store_vs_fallocate = scenario({
  id: 'private-store-vs-fallocate',
  bounds: {},
  tasks: {
    program: () => store_and_load(vma),
    fallocate: () => dax_layout_unmap_private(vma),
  },
})

export const two_stores_vs_fallocate = scenario({
  id: 'two-private-stores-vs-fallocate',
  bounds: {},
  tasks: {
    program: () => store_and_load(vma),
    other_program: () => store_and_load(other_vma),
    fallocate: () => {
      dax_layout_unmap_private(vma)
      dax_layout_unmap_private(other_vma)
    },
  },
})

export default bug({
  slug: 'break-layout-zaps-private-copies',
  title: 'dax: dax_layout_busy_page() should not unmap cow pages',
  fix: 'd75996dd022b',
  releases: '4.18 to 5.2',
  class: 'data-corruption',
  after: {
    dax_layout_unmap_private(of: PrivateVma): void {
      unmap_private_mapping(of, true)
    },
  },
  shows: { scenario: store_vs_fallocate },
  larger: { scenario: two_stores_vs_fallocate },
})
