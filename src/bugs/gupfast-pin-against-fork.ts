/**
 * Fork looks whether a page is pinned, sees that it is not, and makes parent and child share it. A pin that comes in between
 * is of a page that the parent's next store moves away from: device and program no longer use the same memory.
 */
import { at, expect, indivisible, irq, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  Bio,
  bio_init,
  blkdev_bio_end_io_async,
  blocks_init,
  copied_init,
  copies_init,
  file_init,
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

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const child = at(Vma, 1)
const second_child = at(Vma, 2)
const bio = at(Bio, 0)

export const dio_vs_two_forks = scenario({
  id: 'dio-vs-two-forks',
  fs: ['xfs'],
  bounds: { pages: 1, blocks: 1, vmas: 3, ipi: 0 },
  setup() {
    machine_init()
    copies_init(4)
    file_init(file, 1)
    blocks_init(file, 1)
    for (let n = 0; n < 3; n++) {
      vma_init(at(Vma, n), at(MmStruct, n), file, 1)
      private_init(at(Vma, n))
    }
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
      sys_fork(vma, second_child)
    },
    bio_end_io: irq(() => blkdev_bio_end_io_async(bio)),
  },
})

export default bug({
  slug: 'gupfast-pin-against-fork',
  title: 'mm/gup: prevent gup_fast from racing with COW during fork',
  fix: '57efa1fe5957',
  introduced: '70e806e4e645',
  releases: '5.9 and 5.10',
  class: 'data-corruption',
  after: {
    read_seqcount_retry(_vma: Vma, _seq: number): boolean {
      return false
    },
  },
  shows: { scenario: 'fork-vs-dio', fs: 'xfs' },
  larger: { scenario: dio_vs_two_forks, fs: 'xfs' },
})
