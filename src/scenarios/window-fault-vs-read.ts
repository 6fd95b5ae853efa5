/**
 * virtiofs: a thread faults on a page while another reads that page of the file by read(2), and a third faults elsewhere.
 *
 * Result: holds.
 *
 * A read does not lock the entry: fault and read both take a free range of the window before they look who comes first,
 * and one gives its range back.
 */
import { at, property, scenario } from '../dialect/index.ts'
import {
  file_init,
  fuse_conn_dax,
  FuseDaxMapping,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  sys_read,
  thread_init,
  user_touch,
  Vma,
  vma_init,
  window_init,
} from '../kernel/index.ts'
import { no_lock_held, nobody_warned } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

const free = (n: number): number => (at(FuseDaxMapping, n).free ? 1 : 0)

export default scenario({
  id: 'window-fault-vs-read',
  group: 'more',
  fs: ['fuse'],
  bounds: { pages: 2, blocks: 3, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    window_init()
    file_init(file, 2)
    vma_init(vma, mm, file, 2)
    mapped_init(vma)
    thread_init(0, mm)
    thread_init(2, mm)
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, false)
    },
    reader: () => {
      sys_read(file, 0)
    },
    thread: () => {
      user_touch(vma, 1, false)
    },
  },
  finally: {
    no_lock_held,
    nobody_warned,
    ranges_counted: property(
      'leak',
      'as many ranges are free as are counted',
      () => free(0) + free(1) + free(2) === fuse_conn_dax().nr_free_ranges,
    ),
  },
  reaches: {
    all_taken: () => fuse_conn_dax().nr_free_ranges === 0,
  },
})
