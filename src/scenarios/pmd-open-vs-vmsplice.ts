/**
 * virtiofs drops what is cached of a file that somebody opens: the entry of a huge page that a pipe refers to.
 *
 * Result: violated in every release.
 *
 * The sibling of open-vs-vmsplice with a huge entry: since 6.15 the large folio is split while it is in use.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  blocks_init,
  file_init,
  Folio,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  PMD_LEAF,
  sys_ftruncate,
  sys_open,
  sys_read_pipe,
  sys_vmsplice,
  thread_init,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_folio_changed_in_use, no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const vma = at(Vma, 0)

export default scenario({
  id: 'pmd-open-vs-vmsplice',
  group: 'more',
  fs: ['fuse'],
  bounds: { pages: 2, blocks: 2, pmd: 2, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 2)
    blocks_init(file, 2)
    vma_init(vma, at(MmStruct, 0), file, 2)
    mapped_init(vma)
    thread_init(0, at(MmStruct, 0))
  },
  tasks: {
    producer: () => {
      const page = sys_vmsplice(vma, 1)
      if (page !== null) sys_read_pipe(vma, page)
    },
    opener: () => {
      sys_open(file)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
  },
  finally: { no_lock_held, no_folio_changed_in_use },
  reaches: {
    huge_page_mapped: () => vma.pmd.kind === PMD_LEAF && at(Folio, 0)._refcount.read() > 1,
  },
})
