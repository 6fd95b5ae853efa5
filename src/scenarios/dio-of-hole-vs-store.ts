/**
 * A hole is the source of direct I/O, twice, while another program stores to it.
 *
 * Result: holds, and each transfer comes to its end.
 *
 * The device reads the zero page, which is no block and whose pins are not counted, or the block that has taken its place.
 * The second time fast GUP may find that block, and nobody takes it away from it.
 */
import { at, eventually, irq, property, scenario } from '../dialect/index.ts'
import {
  Bio,
  bio_write_init,
  file_init,
  Folio,
  machine_init,
  mapped_init,
  submit_bio_wait_endio,
  sys_direct_io,
  thread_init,
  user_touch,
  vma_init,
  ZERO_PAGE,
} from '../kernel/index.ts'
import { no_entry_locked, no_hole_mapped, no_lock_held, owner_recorded, transfers_over } from './properties.ts'
import { file, mm, other_mm, other_vma, vma } from './setups.ts'

const bio = at(Bio, 0)

const zero_page_not_counted = property(
  'leak',
  'nobody has a reference of the zero page',
  () => ZERO_PAGE()._refcount.read() === 1,
)

export default scenario({
  id: 'dio-of-hole-vs-store',
  group: 'more',
  fs: ['xfs'],
  bounds: { pages: 1, blocks: 1, vmas: 2, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    vma_init(vma, mm, file, 1)
    vma_init(other_vma, other_mm, file, 1)
    mapped_init(vma)
    mapped_init(other_vma)
    bio_write_init(bio, vma)
    thread_init(0, mm)
    thread_init(1, other_mm)
  },
  tasks: {
    fio: () => {
      sys_direct_io(bio, 0)
      sys_direct_io(bio, 0)
    },
    writer: () => {
      user_touch(other_vma, 0, true)
    },
    bio_end_io: irq(() => submit_bio_wait_endio(bio)),
  },
  finally: { no_lock_held, no_entry_locked, owner_recorded, no_hole_mapped, transfers_over, zero_page_not_counted },
  reaches: {
    of_the_hole: () => bio.bi_folio === ZERO_PAGE(),
    of_the_block: () => bio.bi_folio === at(Folio, 0),
    hole_gone: () => bio.bi_folio === ZERO_PAGE() && vma.pte[0].pfn === null,
  },
  eventually: {
    fault_ends: eventually('every fault and every GUP ends', {
      once: () => mm.mmap_lock.sharers !== 0,
      then: () => mm.mmap_lock.sharers === 0,
    }),
  },
})
