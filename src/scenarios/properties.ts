/** What scenarios have in common: when everybody is done, nothing is left over. */
import { all, at, bound, property, Task, type Lock } from '../dialect/index.ts'
import {
  AddressSpace,
  Bio,
  Block,
  DAX_ABSENT,
  DAX_REAL,
  dax_page_is_idle,
  Folio,
  Inode,
  is_zero_folio,
  MmStruct,
  page_entries_counted,
  Vma,
  WaitQueueHead,
  ZERO_PAGE,
} from '../kernel/index.ts'

export const pages_idle = property('leak', 'every page is idle when everybody is done', () =>
  all(Folio).every((folio) => folio.block === null || dax_page_is_idle(folio)),
)

export const copies_free = property('leak', 'every copy of a page is free when nothing is mapped', () =>
  all(Folio).every((folio) => !folio.anon || folio._refcount.read() === 0),
)

export const nobody_warned = property('assertion', 'truncate finds no entry, since layouts are broken', () =>
  all(AddressSpace).every((mapping) => !mapping.warned),
)

export const no_lock_held = property(
  'leak',
  'no lock is held, and no CPU has interrupts off, when everybody is done',
  () => {
    const files = all(Inode).every((inode) => free(inode.i_rwsem) && free(inode.i_lock))
    const pages = all(AddressSpace).every((m) => free(m.invalidate_lock) && free(m.i_mmap_rwsem) && free(m.xa_lock))
    const cpus = all(Task).every((task) => !task.irqs_off)
    return files && pages && cpus && all(MmStruct).every((mm) => free(mm.mmap_lock) && free(mm.page_table_lock))
  },
)

const free = (lock: Lock): boolean => lock.holder === null && lock.sharers === 0

export const nobody_queued = property('leak', 'nobody is left in a wait queue when everybody is done', () =>
  all(WaitQueueHead).every((wq_head) => wq_head.nr_entries === 0),
)

export const no_block_left = property('leak', 'every block is free when the file has none', () =>
  all(Block).every((block) => block.owner === null),
)

export const nothing_mapped = property('leak', 'no page-table entry is counted when nothing is mapped', () =>
  all(Folio).every((folio) => folio._mapcount.read() === 0),
)

export const transfers_over = property('leak', 'every transfer has released its page', () =>
  all(Bio).every((bio) => bio.bi_folio === null),
)

export const no_entry_left = property('leak', 'the file has no entry when it has no block', () =>
  all(AddressSpace).every((mapping) => mapping.i_pages[0].kind === DAX_ABSENT),
)

export const owner_recorded = property('assertion', 'a page that has an entry knows its file', () =>
  all(AddressSpace).every(
    (mapping) => mapping.i_pages[0].kind !== DAX_REAL || mapping.i_pages[0].pfn!.mapping === mapping,
  ),
)

export const no_store_lost = property(
  'data-corruption',
  'a page with stores that are not on the device has a dirty entry',
  () =>
    all(AddressSpace).every(
      (mapping) =>
        mapping.i_pages[0].kind !== DAX_REAL || !mapping.i_pages[0].pfn!.unflushed || mapping.i_pages[0].dirty,
    ),
)

export const no_hole_mapped = property(
  'stale-mapping',
  'no page-table entry names the zero page where the file has a block',
  () =>
    all(Vma).every(
      (vma) => vma.pte[0].pfn === null || !is_zero_folio(vma.pte[0].pfn) || vma.vm_file!.host!.extent[0] === null,
    ),
)

export const no_entry_locked = property('leak', 'no entry is locked when everybody is done', () =>
  all(AddressSpace).every((mapping) => !mapping.i_pages[0].locked),
)

export const no_folio_changed_in_use = property(
  'assertion',
  'a large folio is made and split while nobody has a reference',
  () => all(Folio).every((folio) => !folio.warned),
)

export const shares_counted = property('assertion', 'a page knows how many entries of files name it', () =>
  all(Folio).every((folio) => is_zero_folio(folio) || page_entries_counted(folio) === entries_of(folio)),
)

/** Of the first two files. */
const entries_of = (folio: Folio): number => names(at(AddressSpace, 0), folio) + names(at(AddressSpace, 1), folio)

const names = (mapping: AddressSpace, folio: Folio): number =>
  mapping.i_pages[0].kind === DAX_REAL && mapping.i_pages[0].pfn === folio ? 1 : 0

export const entries_current = property(
  'stale-mapping',
  'an entry names the block that the file has at its place',
  () => all(AddressSpace).every((mapping) => entry_is_current(mapping, 0) && entry_is_current(mapping, pages_of() - 1)),
)

const entry_is_current = (mapping: AddressSpace, index: number): boolean =>
  mapping.i_pages[index].kind !== DAX_REAL || mapping.i_pages[index].pfn === page_of(mapping.host!, index)

export const mappings_current = property(
  'stale-mapping',
  'a page-table entry names the block that the file has at its place, and the zero page where it reads as zeroes',
  () => all(Vma).every((vma) => mapping_is_current(vma, 0) && mapping_is_current(vma, pages_of() - 1)),
)

const mapping_is_current = (vma: Vma, index: number): boolean =>
  vma.pte[index].pfn === null || vma.pte[index].pfn === page_of(vma.vm_file!.host!, index)

export const nothing_behind_end = property('leak', 'behind its end a file has no block, no entry and no mapping', () =>
  all(Inode).every((inode) => ends_before(inode, 0) && ends_before(inode, pages_of() - 1)),
)

const ends_before = (inode: Inode, index: number): boolean =>
  index < inode.i_size ||
  (inode.extent[index] === null &&
    inode.i_mapping!.i_pages[index].kind === DAX_ABSENT &&
    all(Vma).every((vma) => vma.pte[index].pfn === null))

/** Pages of a file: one or two in scenarios that ask. */
const pages_of = (): number => bound('pages')

/** The page that a load there must reach. */
const page_of = (inode: Inode, index: number): Folio =>
  inode.extent[index] === null || inode.unwritten[index] ? ZERO_PAGE() : inode.extent[index]!.pfn!

export const free_pages_forgotten = property('assertion', 'a page that no entry names belongs to no file', () =>
  all(Folio).every((folio) => entries_of(folio) > 0 || folio.mapping === null),
)

export const entries_do_not_overlap = property('assertion', 'no small entry stands in the range of a huge one', () =>
  all(AddressSpace).every((mapping) => !mapping.i_pages[0].pmd || mapping.i_pages[1].kind === DAX_ABSENT),
)
