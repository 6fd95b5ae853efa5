/**
 * Memory: folios, page-table entries, address spaces of processes. Linux 7.3 include/linux/mm_types.h.
 * A page and its folio are one struct; a large folio is its first page, its head. Left out: flags, LRU, memory control
 * groups, page-table levels above the PMD, file offsets of a mapping (page i of a VMA is page i of the file),
 * PG_anon_exclusive.
 */
import {
  array,
  atomic,
  bool,
  bound,
  embedded,
  existsWhile,
  ghost,
  guardedBy,
  oneOf,
  ref,
  RwSemaphore,
  Spinlock,
  Struct,
  Task,
  uint,
} from '../../dialect/index.ts'
import { DevDax } from '../drivers/dax/dax-private.ts'
import { AddressSpace, Block } from './fs.ts'
import { DevPagemap } from './memremap.ts'

/** struct page and struct folio of one page of the device. */
export class Folio extends Struct<'folio'> {
  /** Page-table entries that map it + gets + GUP_PIN_COUNTING_BIAS for each pin, or 1 where it is large. Idle at 0. */
  _refcount = existsWhile(atomic(13), (folio: Folio) => memmap_exists(folio))
  /** Page-table entries that map it. Of a large folio: those of all its pages, a huge one counts once. */
  _mapcount = existsWhile(atomic(3), (folio: Folio) => memmap_exists(folio))
  /** Of a large folio: its pins. */
  _pincount = existsWhile(atomic(3), (folio: Folio) => memmap_exists(folio))
  /** Of a head: PMD_ORDER while the folio is large. */
  order = existsWhile(uint(1), (folio: Folio) => memmap_exists(folio))
  /** Of a tail: the head. */
  compound_head: Folio | null = existsWhile(
    ref(() => Folio),
    (folio: Folio) => memmap_exists(folio),
  )
  /** The kernel would print a warning: the folio is made or split while somebody has a reference. */
  warned = ghost(bool())
  /** The file that has an entry for it, or null. Written under the `i_pages` lock of that file. */
  mapping = existsWhile(
    ref(() => AddressSpace),
    (folio: Folio) => memmap_exists(folio),
  )
  /** PG_hwpoison */
  hwpoison = existsWhile(bool(), (folio: Folio) => memmap_exists(folio))
  /** Entries that name it, while it is shared: `mapping` is null then. Changed under the `i_pages` lock of one of the files. */
  share = uint(3)
  /** Programs have stored to it since its cache lines were last written back. */
  unflushed = ghost(bool())
  /** Ordinary memory: the copy that a private mapping has of a page of its file. Free at count 0, in every release. */
  readonly anon = bool()
  /** The block of the device that it stands for: pfn = start of the device + block number, for ever. Null: the zero page, or a copy. */
  readonly block = ref(() => Block)
  /** The page map that it belongs to. Null: its device never goes away. */
  readonly pgmap = ref(() => DevPagemap)
}

/** The struct page is there as long as the device is. */
export function memmap_exists(folio: Folio): boolean {
  return folio.pgmap === null || folio.pgmap.memmap
}

/** pte_t: page 0, 1, ... of a VMA. The hardware and fast GUP read it without a lock. */
export class Pte extends Struct<'pte'> {
  /** The page, or null: none. */
  pfn = ref(() => Folio)
  /** Stores are allowed. */
  write = bool()
}

export const PMD_NONE: number = 0
/** Names a page table, which stays until the mapping goes. */
export const PMD_TABLE: number = 1
/** Maps a huge page. */
export const PMD_LEAF: number = 2

/** pmd_t of the pages that a huge entry can cover. Left out: the table is taken for empty as long as there is none. */
export class Pmd extends Struct<'pmd'> {
  kind = oneOf({ PMD_NONE, PMD_TABLE, PMD_LEAF })
  /** The first page of a huge one. */
  pfn = ref(() => Folio)
  /** Stores are allowed. */
  write = bool()
}

/** struct mm_struct. */
export class MmStruct extends Struct<'mm'> {
  mmap_lock = embedded(() => RwSemaphore)
  /** By VMA: it is in the tree of this mm. */
  mm_mt = guardedBy(
    array(bound('vmas'), () => bool()),
    (mm: MmStruct) => mm.mmap_lock,
  )
  /** One page-table lock for the whole table (`ptl`). */
  page_table_lock = embedded(() => Spinlock)
  /** mmu_gathers that have begun and not yet flushed. */
  tlb_flush_pending = atomic(3)
  /** Odd while fork() write-protects and shares what fast GUP, which takes no lock, may be pinning. Modulo 8. */
  write_protect_seq = uint(3)
}

/** Page tables of a mapping. Those above lead to them: */
export const TABLES_LINKED: number = 0
/** or do not any more, but somebody may be in them who walks without a lock; */
export const TABLES_UNLINKED: number = 1
/** or their memory is somebody else's. */
export const TABLES_FREED: number = 2

/** struct vm_area_struct. */
export class Vma extends Struct<'vma'> {
  readonly vm_mm = ref(() => MmStruct)
  readonly vm_file = ref(() => AddressSpace)
  /** Pages. */
  readonly vm_pages = uint(2)
  /** VM_MIXEDMAP: set for virtiofs, not for XFS and ext4. */
  readonly vm_mixedmap = bool()
  /** VM_NOHUGEPAGE: small entries only. */
  readonly vm_nohugepage = bool()
  /** Changed by free_pgtables(): in scenarios that say so, bounds: { free_tables: 1 }. */
  tables = oneOf({ TABLES_LINKED, TABLES_UNLINKED, TABLES_FREED })
  pmd = embedded(() => Pmd)
  /** The device that it maps, or null: a file. */
  readonly vm_dev_dax = ref(() => DevDax)
  /** MAP_PRIVATE: no VM_SHARED. Stores go to a copy. */
  readonly vm_private = bool()
  /** MAP_SYNC: VM_SYNC. A page that can be stored to is a block that a power cut does not take from the file. */
  readonly vm_sync = bool()
  pte = array(bound('pages'), () => embedded(() => Pte))
  /** What the TLB of each CPU holds: CPU c, page i at c * pages + i. */
  tlb = array(bound('tasks') * bound('pages'), () => embedded(() => Pte))
}

/** What the scheduler knows of a CPU, and the fault that it handles. There is one for each task. */
export class Cpu extends Struct<'cpu'> {
  readonly task = ref(() => Task)
  /** Address space that is loaded, or null: a kernel thread or an interrupt. */
  readonly mm = ref(() => MmStruct)
  /** vm_fault.cow_page: where the file system's fault is to copy the page to. Null: it is to map the page itself. */
  cow_page = ref(() => Folio)
  /** The page of a fault that ended in VM_FAULT_NEEDDSYNC. Linux: the pfn that dax_iomap_fault() returns by reference. */
  sync_page = ref(() => Folio)
}
