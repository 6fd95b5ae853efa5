/**
 * A program stores to a page and syncs the file while another task syncs it too; the power goes.
 *
 * Result: data-corruption.
 */
import { at, irq, scenario } from '../dialect/index.ts'
import {
  blocks_init,
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
import { no_entry_locked, no_lock_held, no_store_lost } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

export default scenario({
  id: 'two-fsyncs-power-cut',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    journal_init(file, 1)
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    thread_init(0, mm)
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, true)
      sys_fsync(file)
    },
    fsync: () => {
      sys_fsync(file)
    },
    power: irq(() => power_cut()),
  },
  finally: { no_lock_held, no_entry_locked, no_store_lost },
  reaches: {
    promised: () => file.promised[0] > 0,
  },
})
