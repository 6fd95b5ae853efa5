/**
 * A file is cloned into another one while pages of both are under direct I/O.
 *
 * Result: holds; missed-wakeup in 6.1.176.
 *
 * The clone waits for the first file as truncate does. For the second one, whose lock it takes inside that of the first, it
 * cannot sleep: it drops both locks and begins again, for as long as the page is in use.
 * Direct I/O stands for whoever holds FOLL_PIN for a while. The block layer itself took plain references (FOLL_GET) until
 * v6.5, which converted it (1ccf164ec866 and its series); before that process_vm_readv(), for one, pinned.
 */
import { at, irq, scenario, Task, TASK_INTERRUPTIBLE } from '../dialect/index.ts'
import {
  Bio,
  bio_init,
  blkdev_bio_end_io_async,
  Block,
  blocks_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  sys_clone,
  sys_io_submit,
  thread_init,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_lock_held, nobody_warned, transfers_over } from './properties.ts'

const file = at(Inode, 0)
const other_file = at(Inode, 1)
const vma = at(Vma, 0)
const other_vma = at(Vma, 1)
const bio = at(Bio, 0)
const other_bio = at(Bio, 1)

export default scenario({
  id: 'clone-vs-dio',
  group: 'more',
  fs: ['xfs'],
  since: '6.1',
  bounds: { pages: 1, blocks: 2, vmas: 2, ipi: 0, reflink: 2 },
  setup() {
    machine_init()
    file_init(file, 1)
    file_init(other_file, 1)
    blocks_init(file, 1)
    other_file.extent[0] = at(Block, 1)
    at(Block, 1).owner = other_file
    vma_init(vma, at(MmStruct, 0), file, 1)
    vma_init(other_vma, at(MmStruct, 0), other_file, 1)
    mapped_init(vma)
    mapped_init(other_vma)
    bio_init(bio, vma)
    bio_init(other_bio, other_vma)
    thread_init(0, at(MmStruct, 0))
  },
  tasks: {
    fio: () => {
      sys_io_submit(bio, 0)
      sys_io_submit(other_bio, 0)
    },
    clone: () => {
      sys_clone(file, other_file, 0)
    },
    bio_end_io: irq(() => blkdev_bio_end_io_async(bio)),
    other_bio_end_io: irq(() => blkdev_bio_end_io_async(other_bio)),
  },
  finally: { no_lock_held, nobody_warned, transfers_over },
  reaches: {
    waits_for_first: () => bio.bi_folio !== null && at(Task, 1).state === TASK_INTERRUPTIBLE,
    polls_second: () => other_bio.bi_folio !== null && other_file.i_mapping!.invalidate_lock.holder === at(Task, 1),
    shared: () => at(Block, 0).co_owner === other_file,
  },
})
