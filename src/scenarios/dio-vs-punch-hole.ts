/**
 * A page is the target of direct I/O while its block is punched out of the file.
 *
 * Result: holds; missed-wakeup in 5.18, where dropping a pin tells nobody.
 */
import { at, irq, property, scenario } from '../dialect/index.ts'
import {
  Bio,
  bio_init,
  Block,
  block_init,
  file_init,
  Inode,
  machine_init,
  MmStruct,
  sys_mmap,
  sys_munmap,
  sys_punch_hole,
  submit_bio_wait_endio,
  sys_read_direct,
  task_init,
  Vma,
  vma_init,
} from '../kernel/index.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const bio = at(Bio, 0)

export default scenario({
  id: 'dio-vs-punch-hole',
  group: 'quick',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1 },
  setup() {
    machine_init()
    file_init(file, 1)
    block_init(file, 0, at(Block, 0))
    vma_init(vma, mm, file, 1)
    bio_init(bio, vma)
    task_init(0, mm)
  },
  tasks: {
    fio: () => {
      sys_mmap(vma)
      sys_read_direct(bio, 0)
      sys_munmap(vma)
    },
    fallocate: () => {
      sys_punch_hole(file, 0, 1)
    },
    bio_end_io: irq(() => submit_bio_wait_endio(bio)),
  },
  finally: {
    nothing_pinned: property('leak', 'every reference of the bio is dropped', () => bio.bi_folio === null),
  },
  reaches: {
    pinned_while_punching: () => bio.bi_folio !== null && file.i_rwsem.holder !== null,
  },
})
