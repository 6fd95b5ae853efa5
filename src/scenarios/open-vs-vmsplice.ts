/**
 * A virtiofs file is opened while a pipe refers to a page of it: the open takes the entry out. Then the file is truncated.
 *
 * Result: use-after-free in every release: open(2) does not wait for who uses the page, and without its entry the next truncate does
 * not find it.
 *
 * The server says that cached data are not to be kept over an open. A pipe, or direct I/O out of memory: the fault only reads and
 * leaves the entry clean, and only clean entries are removed. Found by this search and by reading; not reproduced on a machine.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  AddressSpace,
  DAX_ABSENT,
  Folio,
  sys_ftruncate,
  sys_open,
  sys_read_pipe,
  sys_vmsplice,
} from '../kernel/index.ts'
import { nobody_warned, no_entry_locked, no_lock_held } from './properties.ts'
import { file, mapped_file_init, vma } from './setups.ts'

const folio = at(Folio, 0)
const mapping = at(AddressSpace, 0)

export default scenario({
  id: 'open-vs-vmsplice',
  group: 'quick',
  fs: ['fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(1, 1)
  },
  tasks: {
    producer: () => {
      const page = sys_vmsplice(vma, 0)
      if (page !== null) sys_read_pipe(vma, page)
    },
    opener: () => {
      sys_open(file)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
  },
  finally: {
    no_lock_held,
    nobody_warned,
    no_entry_locked,
  },
  reaches: {
    used_without_entry: () => folio._refcount.read() > 1 && mapping.i_pages[0].kind === DAX_ABSENT,
  },
})
