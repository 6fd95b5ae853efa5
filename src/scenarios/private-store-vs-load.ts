/**
 * A program that has mapped a file privately stores to a page, while another of its threads loads from it.
 *
 * Result: holds.
 *
 * The store makes a copy, and no CPU may go on with the page of the file: the thread would never see what was stored.
 */
import { at, bool, expect, indivisible, scenario, Struct } from '../dialect/index.ts'
import {
  blocks_init,
  copies_init,
  file_init,
  Folio,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  private_init,
  thread_init,
  user_access,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

/** What the program has told its thread. */
class Program extends Struct<'program'> {
  has_stored = bool()
}

const told = at(Program, 0)

export default scenario({
  id: 'private-store-vs-load',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    copies_init(1)
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    private_init(vma)
    mapped_init(vma)
    thread_init(0, mm)
    thread_init(1, mm)
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, true)
      told.has_stored = true
    },
    thread: () => {
      user_touch(vma, 0, false)
      const has_stored = told.has_stored
      const found = indivisible(() => (user_access(vma, 0, false) ? vma.tlb[1].pfn : null))
      expect(!has_stored || found === vma.pte[0].pfn, 'data-corruption', 'a thread sees what another has stored')
    },
  },
  finally: { no_lock_held },
  reaches: {
    copied_while_loaded: () => vma.tlb[1].pfn === at(Folio, 0) && told.has_stored === false && vma.pte[0].pfn === null,
  },
})
