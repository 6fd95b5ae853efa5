/**
 * virtiofs: the server reports new attributes of a file, and a range of the window is reclaimed, while a page of the file is
 * under direct I/O.
 *
 * Result: use-after-free.
 */
import { at, irq, scenario } from '../dialect/index.ts'
import {
  AddressSpace,
  Bio,
  bio_write_init,
  DAX_ABSENT,
  file_init,
  fuse_change_attributes,
  fuse_dax_free_mem_worker,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  range_init,
  submit_bio_wait_endio,
  sys_direct_io,
  sys_munmap,
  sys_read,
  thread_init,
  Vma,
  vma_init,
  window_init,
} from '../kernel/index.ts'
import { no_lock_held, nobody_warned, transfers_over } from './properties.ts'

const file = at(Inode, 0)
const other_file = at(Inode, 1)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const bio = at(Bio, 0)

export default scenario({
  id: 'attr-update-vs-dio',
  group: 'more',
  fs: ['fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    window_init()
    file_init(file, 1)
    file_init(other_file, 1)
    range_init(file, 0, 0)
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    bio_write_init(bio, vma)
    thread_init(0, mm)
  },
  tasks: {
    fio: () => {
      sys_direct_io(bio, 0)
      sys_munmap(vma)
    },
    stat: () => {
      fuse_change_attributes(file)
    },
    reader: () => {
      sys_read(other_file, 0)
    },
    worker: irq(() => {
      for (;;) fuse_dax_free_mem_worker()
    }),
    bio_end_io: irq(() => submit_bio_wait_endio(bio)),
  },
  finally: { no_lock_held, nobody_warned, transfers_over },
  reaches: {
    entry_gone: () => bio.bi_folio !== null && at(AddressSpace, 0).i_pages[0].kind === DAX_ABSENT,
  },
})
