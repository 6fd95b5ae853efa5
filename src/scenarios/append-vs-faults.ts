/**
 * write(2) makes a file longer by a page while one thread loads from that page and another one stores to it.
 *
 * Result: holds.
 *
 * The size is written without the fault lock: a fault gets SIGBUS or the block with its bytes in it, and nothing in between.
 */
import { at, property, scenario } from '../dialect/index.ts'
import { Block, sys_append, thread_init, user_touch } from '../kernel/index.ts'
import { entries_current, mappings_current, nobody_warned, no_entry_locked, no_lock_held } from './properties.ts'
import { file, mapped_file_init, mm, vma } from './setups.ts'

export default scenario({
  id: 'append-vs-faults',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(1, 2)
    thread_init(1, mm)
  },
  tasks: {
    reader: () => {
      user_touch(vma, 1, false)
    },
    storer: () => {
      user_touch(vma, 1, true)
    },
    appender: () => {
      sys_append(file, 1)
    },
  },
  always: {
    written_before_it_is_seen: property(
      'data-corruption',
      'the file is longer when the bytes are there',
      () => file.i_size === 1 || file.extent[1] === at(Block, 1),
    ),
  },
  finally: {
    no_lock_held,
    no_entry_locked,
    nobody_warned,
    entries_current,
    mappings_current,
    longer: property('assertion', 'the file is longer by a page', () => file.i_size === 2),
  },
  reaches: {
    refused: () => vma.pte[1].pfn === null && file.extent[1] !== null && file.i_size === 1,
    mapped: () => vma.pte[1].pfn !== null,
  },
})
