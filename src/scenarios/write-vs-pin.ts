/**
 * write(2) has just filled a hole and takes the entry of the page out; a program has pinned that page meanwhile.
 *
 * Result: use-after-free in every release: write(2) does not wait for who uses the page, and without its entry the next truncate does not
 * find it.
 *
 * The program reads memory for direct I/O, so its fault leaves the entry clean, and only clean entries are removed. The window is short:
 * between the allocation and the removal. Found by this search and by reading; not reproduced on a machine.
 * Direct I/O stands for whoever holds FOLL_PIN for a while. The block layer itself took plain references (FOLL_GET) until
 * v6.5, which converted it (1ccf164ec866 and its series); before that process_vm_readv(), for one, pinned.
 */
import { at, irq, scenario } from '../dialect/index.ts'
import {
  Bio,
  bio_write_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  submit_bio_wait_endio,
  sys_direct_io,
  sys_ftruncate,
  sys_write,
  thread_init,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { nobody_warned, transfers_over } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const bio = at(Bio, 0)

export default scenario({
  id: 'write-vs-pin',
  group: 'quick',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    vma_init(vma, mm, file, 1)
    bio_write_init(bio, vma)
    mapped_init(vma)
    thread_init(0, mm)
  },
  tasks: {
    fio: () => {
      sys_direct_io(bio, 0)
    },
    writer: () => {
      sys_write(file, 0)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
    bio_end_io: irq(() => submit_bio_wait_endio(bio)),
  },
  finally: {
    nobody_warned,
    transfers_over,
  },
})
