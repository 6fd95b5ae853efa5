/**
 * Asynchronous direct I/O outlives the mapping that it was given; then the file is truncated.
 *
 * Result: holds; use-after-free up to 6.14: a file that nobody has mapped was taken for one that nobody uses (cee91fa13a8e).
 *
 * Direct I/O stands for whoever holds FOLL_PIN for a while. The block layer itself took plain references (FOLL_GET) until
 * v6.5, which converted it (1ccf164ec866 and its series); before that process_vm_readv(), for one, pinned.
 */
import { at, irq, scenario } from '../dialect/index.ts'
import {
  Bio,
  bio_init,
  blkdev_bio_end_io_async,
  blocks_init,
  file_init,
  Inode,
  machine_init,
  MmStruct,
  sys_ftruncate,
  sys_io_submit,
  sys_mmap,
  sys_munmap,
  thread_init,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { nobody_warned, nothing_mapped, no_entry_left, no_lock_held, no_block_left } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const bio = at(Bio, 0)

export default scenario({
  id: 'pin-munmap-truncate',
  group: 'quick',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    bio_init(bio, vma)
    thread_init(0, mm)
  },
  tasks: {
    fio: () => {
      sys_mmap(vma)
      sys_io_submit(bio, 0)
      sys_munmap(vma)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
    bio_end_io: irq(() => blkdev_bio_end_io_async(bio)),
  },
  finally: {
    no_lock_held,
    nobody_warned,
    nothing_mapped,
    no_entry_left,
    no_block_left,
  },
  reaches: {
    pinned_and_unmapped: () => bio.bi_folio !== null && vma.pte[0].pfn === null && file.i_count.read() === 1,
  },
})
