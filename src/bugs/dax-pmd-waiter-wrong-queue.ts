/**
 * A huge fault meets a small entry that is locked, and waits for it in the queue of its own index, the first of the range.
 * The small fault wakes the queue of the entry's index, which is another one.
 *
 * The sleeper holds the lock of the address space, so the whole process stops with it.
 */
import {
  at,
  scenario,
  sleeping_for,
  spin_lock,
  spin_unlock,
  TASK_UNINTERRUPTIBLE,
  type Address,
} from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  blocks_init,
  dax_entry_slot,
  dax_entry_waitqueue,
  dax_is_conflict,
  file_init,
  finish_wait,
  HPAGE_PMD_NR,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  prepare_to_wait_event,
  PTE_ORDER,
  schedule,
  small_vma_init,
  thread_init,
  user_touch,
  Vma,
  vma_init,
  type AddressSpace,
  type DaxEntry,
} from '../kernel/index.ts'
import { no_entry_locked, no_lock_held } from '../scenarios/properties.ts'

const file = at(Inode, 0)
const huge = at(Vma, 0)
const small = at(Vma, 1)
const other_small = at(Vma, 2)

function setup(): void {
  machine_init()
  file_init(file, 2)
  blocks_init(file, 2)
  vma_init(huge, at(MmStruct, 0), file, 2)
  mapped_init(huge)
  small_vma_init(small, at(MmStruct, 1), file, 2)
  mapped_init(small)
  thread_init(0, at(MmStruct, 0))
  thread_init(1, at(MmStruct, 1))
}

export const small_and_huge = scenario({
  id: 'small-fault-vs-huge-fault',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 2, blocks: 2, pmd: 2, vmas: 2, ipi: 0 },
  setup,
  tasks: {
    huge: () => {
      user_touch(huge, 0, true)
    },
    small: () => {
      user_touch(small, 1, true)
    },
  },
  finally: { no_lock_held, no_entry_locked },
  reaches: {
    small_is_locked: () => file.i_mapping!.i_pages[1].locked,
    huge_is_locked: () => file.i_mapping!.i_pages[0].pmd && file.i_mapping!.i_pages[0].locked,
  },
})

export const two_small_and_huge = scenario({
  id: 'two-small-faults-vs-huge-fault',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 2, blocks: 2, pmd: 2, vmas: 3, ipi: 0 },
  setup() {
    setup()
    small_vma_init(other_small, at(MmStruct, 2), file, 2)
    mapped_init(other_small)
    thread_init(2, at(MmStruct, 2))
  },
  tasks: {
    huge: () => {
      user_touch(huge, 0, true)
    },
    small: () => {
      user_touch(small, 1, true)
    },
    other_small: () => {
      user_touch(other_small, 0, false)
    },
  },
  finally: { no_lock_held, no_entry_locked },
})

/** One sleep for an entry, under the key of the index that was looked up. Called with the `i_pages` lock held. */
function dax_wait_entry_of_lookup(mapping: AddressSpace, entry: DaxEntry, key: Address): void {
  const wq = dax_entry_waitqueue(entry)
  prepare_to_wait_event(wq, key, TASK_UNINTERRUPTIBLE, true)
  spin_unlock(mapping.xa_lock)
  sleeping_for(
    entry,
    () => !entry.locked,
    () => schedule(),
  )
  finish_wait(wq)
  spin_lock(mapping.xa_lock)
}

export default bug({
  slug: 'dax-pmd-waiter-wrong-queue',
  title: 'dax: Fix missed wakeup with PMD faults',
  fix: '23c84eb78375',
  introduced: 'b15cd800682f',
  releases: '4.20 to 5.2',
  class: 'missed-wakeup',
  after: {
    get_next_unlocked_entry(mapping: AddressSpace, index: number, order: number): boolean {
      for (;;) {
        const slot = dax_entry_slot(mapping, index)
        if (mapping.i_pages[slot].locked)
          dax_wait_entry_of_lookup(mapping, mapping.i_pages[slot], mapping.i_pages[slot])
        else if (order === PTE_ORDER) return true
        else if (dax_is_conflict(mapping, order)) {
          const last = HPAGE_PMD_NR() - 1
          if (!mapping.i_pages[last].locked) return false
          dax_wait_entry_of_lookup(mapping, mapping.i_pages[last], mapping.i_pages[index])
        } else return true
      }
    },
  },
  shows: { scenario: small_and_huge, fs: 'xfs' },
  larger: { scenario: two_small_and_huge, fs: 'xfs' },
})
