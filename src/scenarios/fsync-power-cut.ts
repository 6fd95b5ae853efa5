/**
 * Two programs store to a hole of a file, and one of them syncs; the power goes.
 *
 * Result: holds.
 *
 * The block is new: its bytes have to be on the device, and the transaction that gives it to the file.
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
  sys_fsync,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_entry_locked, no_lock_held, no_store_lost, owner_recorded } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const other_mm = at(MmStruct, 1)
const vma = at(Vma, 0)
const other_vma = at(Vma, 1)

export default scenario({
  id: 'fsync-power-cut',
  group: 'more',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 1, blocks: 1, vmas: 2, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    journal_init(file, 1)
    vma_init(vma, mm, file, 1)
    vma_init(other_vma, other_mm, file, 1)
    mapped_init(vma)
    mapped_init(other_vma)
    thread_init(0, mm)
    thread_init(1, other_mm)
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, true)
      sys_fsync(file)
    },
    other_program: () => {
      user_touch(other_vma, 0, true)
    },
    power: irq(() => power_cut()),
  },
  finally: { no_lock_held, no_entry_locked, no_store_lost, owner_recorded },
  reaches: {
    promised: () => file.promised[0] > 0,
    stored_after: () => file.promised[0] > 0 && file.stored[0] > file.promised[0],
  },
})
