/**
 * Another file takes the block that truncate has freed, while programs still use it through the first file.
 *
 * Result: holds; missed-wakeup in 5.18 and 6.1.176.
 *
 * Here a mistake of GUP does harm: without its second look at the entry it pins a page that belongs to somebody else by then.
 * Not for virtiofs: there a page belongs to a range of the window, which a freed block of the server does not give back.
 * Direct I/O stands for whoever holds FOLL_PIN for a while. The block layer itself took plain references (FOLL_GET) until
 * v6.5, which converted it (1ccf164ec866 and its series); before that process_vm_readv(), for one, pinned.
 */
import { at, irq, scenario, Task } from '../dialect/index.ts'
import {
  Bio,
  bio_init,
  Block,
  blocks_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  submit_bio_wait_endio,
  sys_direct_io,
  sys_ftruncate,
  sys_mmap,
  sys_munmap,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { nobody_warned, transfers_over, no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const other_file = at(Inode, 1)
const mm = at(MmStruct, 0)
const other_mm = at(MmStruct, 1)
const vma = at(Vma, 0)
const other_vma = at(Vma, 1)
const bio = at(Bio, 0)

export default scenario({
  id: 'reuse-after-truncate',
  group: 'more',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 1, blocks: 1, vmas: 2, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    file_init(other_file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    vma_init(other_vma, other_mm, other_file, 1)
    mapped_init(other_vma)
    bio_init(bio, vma)
    thread_init(0, mm)
    thread_init(2, other_mm)
  },
  tasks: {
    fio: () => {
      sys_mmap(vma)
      user_touch(vma, 0, true)
      sys_direct_io(bio, 0)
      sys_munmap(vma)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
    writer: () => {
      user_touch(other_vma, 0, true)
    },
    bio_end_io: irq(() => submit_bio_wait_endio(bio)),
  },
  finally: {
    no_lock_held,
    nobody_warned,
    transfers_over,
  },
  reaches: {
    reused: () => at(Block, 0).owner === other_file,
    reused_under_gup: () => at(Block, 0).owner === other_file && at(Task, 0).irqs_off,
  },
})
