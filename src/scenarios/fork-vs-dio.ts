/**
 * A program reads from a device into its copy of a page of a file while another of its threads forks.
 *
 * Result: holds; data-corruption in 6.1.176, where direct I/O takes plain references, which do not make fork() copy.
 *
 * Parent and child share the copies of a private mapping until one of them stores. A page that a device is writing to is
 * copied for the child at once instead: device and program go on using the same memory. Fast GUP takes no lock, and tells by
 * the sequence count that fork() may have missed its pin (weaker sibling: bug gupfast-pin-against-fork).
 */
import { at, expect, indivisible, irq, scenario } from '../dialect/index.ts'
import {
  Bio,
  bio_init,
  blkdev_bio_end_io_async,
  blocks_init,
  copied_init,
  copies_init,
  file_init,
  Folio,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  private_init,
  sys_fork,
  sys_io_submit,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const child = at(Vma, 1)
const bio = at(Bio, 0)

export default scenario({
  id: 'fork-vs-dio',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 2, ipi: 0 },
  setup() {
    machine_init()
    copies_init(3)
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    vma_init(child, at(MmStruct, 1), file, 1)
    private_init(vma)
    private_init(child)
    mapped_init(vma)
    copied_init(vma, 0)
    bio_init(bio, vma)
    thread_init(0, mm)
    thread_init(1, mm)
  },
  tasks: {
    program: () => {
      sys_io_submit(bio, 0)
      user_touch(vma, 0, true)
      indivisible(() =>
        expect(
          bio.bi_folio === null || vma.pte[0].pfn === bio.bi_folio,
          'data-corruption',
          'device and program use the same memory',
        ),
      )
    },
    fork: () => {
      sys_fork(vma, child)
    },
    bio_end_io: irq(() => blkdev_bio_end_io_async(bio)),
  },
  finally: { no_lock_held },
  reaches: {
    shared: () => child.pte[0].pfn !== null && child.pte[0].pfn === vma.pte[0].pfn,
    copied_for_child: () => bio.bi_folio !== null && child.pte[0].pfn === at(Folio, 3),
  },
})
