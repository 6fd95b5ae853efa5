/**
 * The world around a single page, for traces: what the rest of the machine decides is chosen. A change like any other,
 * on top of the kernel that is asked about.
 */
import {
  at,
  choose,
  current,
  TASK_RUNNING,
  trace,
  when,
  type Address,
  type Change,
  type Task,
} from '../../dialect/index.ts'
import type * as kernel from '../index.ts'
import { Block, Folio, vm_normal_page, type Inode, type Vma, type WaitQueueHead } from '../index.ts'

const change = (c: Change<typeof kernel>): Change<typeof kernel> => c

export default change({
  commit: 'any-page',
  title: 'everything around one page is chosen',
  after: {
    /** The page is mapped there, or it is not. */
    ptep_get(_vma: Vma, _index: number, _write: boolean): Folio | null {
      return choose(2) === 0 ? null : at(Folio, 0)
    },
    set_pte_at(_vma: Vma, _index: number, _folio: Folio, _write: boolean): void {},
    iomap_begin(_inode: Inode, _index: number, _write: boolean): Block | null {
      return at(Block, 0)
    },
    /**
     * The life of entries is another story. A fault that only makes an entry writable does not come here; where
     * mappings take references, it has an operation of its own.
     */
    dax_insert_entry(_mapping: kernel.AddressSpace, _index: number, folio: Folio, _write: boolean): Folio {
      if (vm_normal_page(folio) !== null || choose(2) === 0) trace('dax_insert_entry', folio)
      return folio
    },
    /** Nobody waits in line for a page: a wake-up is for all. */
    wait_entry_add(wq_head: WaitQueueHead, key: Address, _exclusive: boolean): void {
      wq_head.key[current.id] = key
      wq_head.nr_entries = wq_head.nr_entries + 1
    },
    wait_entry_del(wq_head: WaitQueueHead, task: Task): void {
      wq_head.key[task.id] = null
      wq_head.nr_entries = wq_head.nr_entries - 1
    },
    wake_first_exclusive(_wq_head: WaitQueueHead, _key: Address): void {},
    /** Whether what ended the sleep was a signal shows in what the task does next. */
    signal_pending_state(_state: number): boolean {
      if (!current.sigpending) return false
      current.sigpending = false
      return choose(2) === 1
    },
    /** Until somebody wakes the task, or something else does. */
    schedule(): void {
      if (choose(2) === 0) {
        when(() => current.state === TASK_RUNNING)
        return
      }
      trace('interrupted')
      current.sigpending = true
      current.state = TASK_RUNNING
    },
  },
})
