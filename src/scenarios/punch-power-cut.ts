/**
 * A program syncs a file whose second page it has stored to while a hole is punched in the place of the first; the power
 * goes.
 *
 * Result: holds to 6.14; data-corruption from 6.15 on.
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
  stored_init,
  sys_fsync,
  sys_punch_hole,
  thread_init,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_entry_locked, no_lock_held, nobody_warned } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

export default scenario({
  id: 'punch-power-cut',
  group: 'more',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 2)
    blocks_init(file, 2)
    journal_init(file, 2)
    vma_init(vma, mm, file, 2)
    mapped_init(vma)
    stored_init(vma, 1)
    thread_init(0, mm)
  },
  tasks: {
    program: () => {
      sys_fsync(file)
    },
    fallocate: () => {
      sys_punch_hole(file, 0, 1)
    },
    power: irq(() => power_cut()),
  },
  finally: { no_lock_held, no_entry_locked, nobody_warned },
  reaches: {
    promised: () => file.promised[1] > 0,
    punched: () => file.extent[0] === null,
  },
})
