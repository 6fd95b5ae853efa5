/**
 * The world around a single page, for traces: what the rest of the machine decides is chosen. A change like any other,
 * on top of the kernel that is asked about.
 */
import { at, choose, current, TASK_RUNNING, trace, when, type Change } from '../../dialect/index.ts'
import type * as kernel from '../index.ts'
import { Block, Folio, type Inode, type Vma } from '../index.ts'

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
    /** The life of entries is another story. A fault that only makes an entry writable does not come here. */
    dax_insert_entry(_mapping: kernel.AddressSpace, _index: number, folio: Folio, _write: boolean): void {
      if (choose(2) === 0) trace('dax_insert_entry', folio)
    },
    signal_pending_state(_state: number): boolean {
      return choose(2) === 1
    },
    /** Until somebody wakes the task, or a signal does. */
    schedule(): void {
      if (choose(2) === 0) {
        when(() => current.state === TASK_RUNNING)
        return
      }
      trace('interrupted')
      current.state = TASK_RUNNING
    },
  },
})
