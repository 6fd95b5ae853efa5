/**
 * A program that has mapped a file with MAP_SYNC stores to a hole and flushes its bytes itself; another program stores there
 * too; the power goes.
 *
 * Result: holds.
 *
 * The program makes no system call, so nobody but its page fault can see to it that the block is the file's after the power
 * cut. The other program's fault may have allocated the block, and have left its transaction open.
 */
import { at, irq, scenario } from '../dialect/index.ts'
import {
  file_init,
  Inode,
  journal_init,
  machine_init,
  mapped_init,
  MmStruct,
  power_cut,
  sync_init,
  thread_init,
  user_clwb,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_entry_locked, no_lock_held, owner_recorded } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const other_mm = at(MmStruct, 1)
const vma = at(Vma, 0)
const other_vma = at(Vma, 1)

export default scenario({
  id: 'mapsync-power-cut',
  group: 'more',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 1, blocks: 1, vmas: 2, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    journal_init(file, 1)
    vma_init(vma, mm, file, 1)
    vma_init(other_vma, other_mm, file, 1)
    sync_init(vma)
    mapped_init(vma)
    mapped_init(other_vma)
    thread_init(0, mm)
    thread_init(1, other_mm)
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, true)
      user_clwb(vma, 0)
    },
    other_program: () => {
      user_touch(other_vma, 0, true)
    },
    power: irq(() => power_cut()),
  },
  finally: { no_lock_held, no_entry_locked, owner_recorded },
  reaches: {
    promised: () => file.promised[0] > 0,
    open_transaction: () => file.dirty_metadata && vma.pte[0].pfn === null && other_vma.pte[0].pfn !== null,
  },
})
