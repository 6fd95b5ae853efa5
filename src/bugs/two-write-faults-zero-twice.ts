/**
 * Two write faults on the same hole both see a new block, and both fill it with zeroes: the second one over what the program
 * of the first has stored.
 */
import { at, property, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import { __v43_dax_fault, NewBlock, v43_dax_fault, v43_store } from '../kernel/index.ts'

const block = at(NewBlock, 0)

function store(program: number): void {
  v43_dax_fault(block)
  v43_store(block, program)
}

export const two_faults = scenario({
  id: 'two-write-faults-on-a-hole',
  bounds: {},
  tasks: { program: () => store(0), other_program: () => store(1) },
  finally: {
    all_there: property('data-corruption', 'what programs have stored is there', () => block.data[0] && block.data[1]),
  },
})

export const three_faults = scenario({
  id: 'three-write-faults-on-a-hole',
  bounds: {},
  tasks: { program: () => store(0), other_program: () => store(1), third_program: () => store(2) },
  finally: {
    all_there: property(
      'data-corruption',
      'what programs have stored is there',
      () => block.data[0] && block.data[1] && block.data[2],
    ),
  },
})

export default bug({
  slug: 'two-write-faults-zero-twice',
  title: 'dax: fix race between simultaneous faults',
  fix: '843172978bb9',
  releases: '4.0 to 4.2',
  class: 'data-corruption',
  after: {
    v43_dax_fault(of: NewBlock): void {
      __v43_dax_fault(of)
    },
  },
  shows: { scenario: two_faults },
  larger: { scenario: three_faults },
})
