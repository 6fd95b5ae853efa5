/**
 * A program registers memory with a device, for as long as it likes. Truncate waits for the pin with the lock of the inode
 * held, and never returns.
 */
import { at, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  blocks_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  FOLL_WRITE,
  type Folio,
  pin_user_pages_fast,
  pin_user_pages_longterm,
  unpin_user_page,
  sys_ftruncate,
  sys_punch_hole,
  thread_init,
  Vma,
  vma_init,
} from '../kernel/index.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

function setup(): void {
  machine_init()
  file_init(file, 1)
  blocks_init(file, 1)
  vma_init(vma, mm, file, 1)
  mapped_init(vma)
  thread_init(0, mm)
}

/** Keeps the pin when it can have it, else pins for each transfer. */
function register(): void {
  if (pin_user_pages_longterm(vma, 0) !== null) return
  const folio = pin_user_pages_fast(vma, 0, FOLL_WRITE)
  if (folio !== null) unpin_user_page(folio)
}

export const registration_vs_truncate = scenario({
  id: 'registration-vs-truncate',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup,
  tasks: {
    rdma: register,
    truncate: () => {
      sys_ftruncate(file, 0)
    },
  },
})

export const registration_vs_two = scenario({
  id: 'registration-vs-truncate-and-punch-hole',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup,
  tasks: {
    rdma: register,
    truncate: () => {
      sys_ftruncate(file, 0)
    },
    fallocate: () => {
      sys_punch_hole(file, 0, 1)
    },
  },
})

export default bug({
  slug: 'longterm-pin-blocks-truncate',
  title: 'mm: introduce get_user_pages_longterm',
  fix: '2bb6d2837083',
  releases: 'to 4.14',
  class: 'hung-waiter',
  after: {
    vma_is_fsdax(_vma: Vma): boolean {
      return false
    },
    folio_is_longterm_pinnable(_folio: Folio): boolean {
      return true
    },
  },
  shows: { scenario: registration_vs_truncate, fs: 'xfs' },
  larger: { scenario: registration_vs_two, fs: 'xfs' },
})
