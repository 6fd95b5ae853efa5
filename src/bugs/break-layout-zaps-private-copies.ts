/**
 * Breaking the layout of a file unmaps private copies too. The program that has stored to its private mapping reads the page
 * of the file afterwards.
 */
import { at, expect, indivisible, scenario, spin_lock, spin_unlock } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  blocks_init,
  copies_init,
  dax_scan_entry,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  private_init,
  sys_punch_hole,
  thread_init,
  unmap_mapping_range,
  user_touch,
  Vma,
  vma_init,
  type AddressSpace,
  type Folio,
} from '../kernel/index.ts'
import { no_lock_held, nobody_warned, pages_idle } from '../scenarios/properties.ts'

const file = at(Inode, 0)
const vma = at(Vma, 0)
const other_vma = at(Vma, 1)

function store_and_load(of: Vma): void {
  user_touch(of, 0, true)
  user_touch(of, 0, false)
  indivisible(() =>
    expect(
      of.pte[0].pfn !== null && of.pte[0].pfn.anon,
      'data-corruption',
      'a program reads what it has stored to its private mapping',
    ),
  )
}

export const two_programs = scenario({
  id: 'two-private-cows-vs-punch',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 2, ipi: 0 },
  setup() {
    machine_init()
    copies_init(2)
    file_init(file, 1)
    blocks_init(file, 1)
    for (let n = 0; n < 2; n++) {
      vma_init(at(Vma, n), at(MmStruct, n), file, 1)
      private_init(at(Vma, n))
      mapped_init(at(Vma, n))
      thread_init(n, at(MmStruct, n))
    }
  },
  tasks: {
    program: () => store_and_load(vma),
    other_program: () => store_and_load(other_vma),
    fallocate: () => {
      sys_punch_hole(file, 0, 1)
    },
  },
  finally: { no_lock_held, nobody_warned, pages_idle },
})

export default bug({
  slug: 'break-layout-zaps-private-copies',
  title: 'dax: dax_layout_busy_page() should not unmap cow pages',
  fix: 'd75996dd022b',
  releases: '4.18 to 5.2',
  class: 'data-corruption',
  after: {
    dax_layout_busy_page_range(mapping: AddressSpace, start: number, end: number): Folio | null {
      unmap_mapping_range(mapping, start, end)
      spin_lock(mapping.xa_lock)
      for (let index = start; index < end; index++) {
        const page = dax_scan_entry(mapping, index)
        if (page !== null) {
          spin_unlock(mapping.xa_lock)
          return page
        }
      }
      spin_unlock(mapping.xa_lock)
      return null
    },
  },
  shows: { scenario: 'private-cow-vs-punch', fs: 'xfs' },
  larger: { scenario: two_programs, fs: 'xfs' },
})
