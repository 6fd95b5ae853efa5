/**
 * Page-table entries and what the hardware does with them. Linux 7.3 include/linux/pgtable.h, arch code.
 * An entry is one word, so each function here is one access.
 */
import { all, at, bound, current, expect, index_of, indivisible, Task, when } from '../../dialect/index.ts'
import { folio_page, HPAGE_PMD_NR, in_pmd_range } from '../include/huge_mm.ts'
import { is_zero_folio } from '../include/mm.ts'
import {
  Cpu,
  memmap_exists,
  PMD_LEAF,
  PMD_NONE,
  PMD_TABLE,
  TABLES_FREED,
  Vma,
  type Folio,
  type MmStruct,
} from '../include/mm_types.ts'
import { note_flush, note_store, promise_store } from '../fs/sync.ts'
import { owns_block, SuperBlock } from '../include/fs.ts'

/** The page that the entry lets its user read, or write; null where it lets him not. */
export function ptep_get(vma: Vma, index: number, write: boolean): Folio | null {
  return indivisible(() => (write && !vma.pte[index].write ? null : vma.pte[index].pfn))
}

/** The same without the page-table lock, for who has interrupts off: the table is not freed before they are on again. */
export function ptep_get_lockless(vma: Vma, index: number, write: boolean): Folio | null {
  return indivisible(() => {
    expect(vma.tables !== TABLES_FREED, 'use-after-free', 'a page table is there as long as somebody walks it')
    return write && !vma.pte[index].write ? null : vma.pte[index].pfn
  })
}

/** Stores are allowed. Called with the page-table lock held. */
export function pte_write(vma: Vma, index: number): boolean {
  return vma.pte[index].write
}

/** Called with the page-table lock held. */
export function set_pte_at(vma: Vma, index: number, folio: Folio, write: boolean): void {
  indivisible(() => {
    vma.pte[index].pfn = folio
    vma.pte[index].write = write
  })
}

/** Called with the page-table lock held. */
export function ptep_get_and_clear(vma: Vma, index: number): Folio | null {
  return indivisible(() => {
    const folio = vma.pte[index].pfn
    vma.pte[index].pfn = null
    vma.pte[index].write = false
    return folio
  })
}

/** The same, unless it names a private copy. Called with the page-table lock held. */
export function ptep_get_and_clear_file(vma: Vma, index: number): Folio | null {
  return indivisible(() => {
    const folio = vma.pte[index].pfn
    if (folio === null || folio.anon) return null
    vma.pte[index].pfn = null
    vma.pte[index].write = false
    return folio
  })
}

// Huge entries. In scenarios without them all tests are constants.

export function pmd_none(vma: Vma): boolean {
  return vma.pmd.kind === PMD_NONE
}

/** Maps a huge page. Linux: pmd_trans_huge(), pmd_leaf(). */
export function pmd_leaf(vma: Vma): boolean {
  return HPAGE_PMD_NR() > 0 && vma.pmd.kind === PMD_LEAF
}

/** The first page of the huge page that the entry lets its user read, or write; null where it lets him not, or names a table. */
export function pmdp_get(vma: Vma, write: boolean): Folio | null {
  return indivisible(() => (vma.pmd.kind !== PMD_LEAF || (write && !vma.pmd.write) ? null : vma.pmd.pfn))
}

/** Called with the page-table lock held. */
export function set_pmd_at(vma: Vma, folio: Folio, write: boolean): void {
  indivisible(() => {
    vma.pmd.kind = PMD_LEAF
    vma.pmd.pfn = folio
    vma.pmd.write = write
  })
}

/** The huge page that was mapped, or null: there was none, and a table stays. Called with the page-table lock held. */
export function pmdp_huge_get_and_clear(vma: Vma): Folio | null {
  return indivisible(() => {
    if (vma.pmd.kind !== PMD_LEAF) return null
    const folio = vma.pmd.pfn
    vma.pmd.kind = PMD_NONE
    vma.pmd.pfn = null
    vma.pmd.write = false
    return folio
  })
}

/** A page table for small entries, where there is none yet. Called with the page-table lock held. */
export function pmd_populate(vma: Vma, index: number): void {
  if (!in_pmd_range(index)) return
  indivisible(() => {
    expect(vma.pmd.kind !== PMD_LEAF, 'assertion', 'no page table is put where a huge page is mapped')
    vma.pmd.kind = PMD_TABLE
  })
}

/** The huge page that is mapped there contains the page. */
export function pmd_maps(vma: Vma, page: Folio): boolean {
  if (HPAGE_PMD_NR() === 0 || vma.pmd.kind !== PMD_LEAF) return false
  const first = index_of(vma.pmd.pfn!)
  return first <= index_of(page) && index_of(page) < first + HPAGE_PMD_NR()
}

/**
 * No CPU has a translation of this address space in its TLB any more when it returns. By IPI it also waits for every CPU
 * that has interrupts off, as fast GUP has; by broadcast (arm64 TLBI, AMD INVLPGB) the hardware does it and nobody waits.
 * bound('ipi') says which. By broadcast more can happen, so that is what scenarios use.
 */
export function flush_tlb_mm(mm: MmStruct): void {
  for (const cpu of all(Cpu)) {
    if (cpu.mm === mm) flush_tlb_cpu(cpu.task!, mm)
  }
}

export function flush_tlb_cpu(task: Task, mm: MmStruct): void {
  when(
    () => bound('ipi') === 0 || !task.irqs_off,
    () => {
      for (const vma of all(Vma)) {
        if (vma.vm_mm === mm) tlb_forget(vma, task)
      }
    },
  )
}

export function tlb_forget(vma: Vma, task: Task): void {
  for (let index = 0; index < bound('pages'); index++) {
    vma.tlb[task.id * bound('pages') + index].pfn = null
    vma.tlb[task.id * bound('pages') + index].write = false
  }
}

/** A matter of this CPU alone: other CPUs learn of it by its answer to an IPI, so no store buffer delays it. */
export function local_irq_save(): void {
  indivisible(() => {
    current.irqs_off = true
  })
}

export function local_irq_restore(): void {
  indivisible(() => {
    current.irqs_off = false
  })
}

/**
 * A load or a store by the program: through the TLB, or by a page walk that fills it. False: page fault.
 * Walk and fill are one step against a flush. Bytes go to the block, so it must be that of the mapped file.
 */
export function user_access(vma: Vma, index: number, write: boolean): boolean {
  return indivisible(() => {
    const tlb = vma.tlb[current.id * bound('pages') + index]
    if (tlb.pfn === null || (write && !tlb.write)) fill_tlb(vma, index)
    const folio = tlb.pfn
    if (folio === null || (write && !tlb.write)) return false
    expect_reachable(folio, vma)
    if (write && !folio.anon) store_bytes(folio, vma, index)
    return true
  })
}

/** A page walk. Called in an indivisible step. */
export function fill_tlb(vma: Vma, index: number): void {
  const tlb = vma.tlb[current.id * bound('pages') + index]
  const huge = in_pmd_range(index) && vma.pmd.kind === PMD_LEAF
  tlb.pfn = huge ? folio_page(vma.pmd.pfn!, index) : vma.pte[index].pfn
  tlb.write = huge ? vma.pmd.write : vma.pte[index].write
}

/** Called in an indivisible step: bytes of the page are in the cache of the CPU. */
export function store_bytes(folio: Folio, vma: Vma, index: number): void {
  folio.unflushed = true
  if (at(SuperBlock, 0).s_journal) note_store(vma.vm_file!.host!, index, folio.block!)
}

/**
 * The program writes the cache lines of a page back itself (CLWB, SFENCE). With MAP_SYNC it may rely on what it has stored
 * from then on. False: page fault.
 */
export function user_flush(vma: Vma, index: number): boolean {
  return indivisible(() => {
    if (vma.tlb[current.id * bound('pages') + index].pfn === null) fill_tlb(vma, index)
    const folio = vma.tlb[current.id * bound('pages') + index].pfn
    if (folio === null) return false
    if (folio.block !== null) flush_bytes(folio, vma, index)
    return true
  })
}

/** Called in an indivisible step. */
export function flush_bytes(folio: Folio, vma: Vma, index: number): void {
  note_flush(folio)
  if (vma.vm_sync) promise_store(vma.vm_file!.host!, index, folio.block!.cached)
}

/** Called in an indivisible step: a program has this page in its TLB and uses it. */
export function expect_reachable(folio: Folio, vma: Vma): void {
  if (is_zero_folio(folio)) return
  if (folio.anon) {
    expect_allocated(folio)
    return
  }
  expect_on_device(folio)
  expect(
    owns_block(vma.vm_file!.host!, folio.block!),
    'stale-mapping',
    'a program reaches only blocks of the file that it has mapped',
  )
}

/** Called in an indivisible step: the page is a private copy, and somebody uses it. */
export function expect_allocated(folio: Folio): void {
  expect(folio._refcount.read() !== 0, 'use-after-free', 'a private copy in use is not free')
}

/** Somebody reads or writes the bytes: the device is bound to its driver, and the hardware leads there. */
export function expect_on_device(folio: Folio): void {
  expect(memmap_exists(folio), 'use-after-free', 'nobody reaches a device that its driver has given up')
  expect(
    folio.pgmap === null || folio.pgmap.decoded,
    'use-after-free',
    'an address is decoded as long as somebody can reach it',
  )
}

/** Somebody reads or writes the bytes of a page that he got through that mapping: they must be those of the file. */
export function expect_owned(folio: Folio, vma: Vma): void {
  if (is_zero_folio(folio)) return
  if (folio.anon) {
    expect_allocated(folio)
    return
  }
  expect_on_device(folio)
  if (vma.vm_dev_dax !== null) return
  const owner = folio.block!.owner
  expect(owner !== null, 'use-after-free', 'a page in use is a block that belongs to a file')
  expect(
    owns_block(vma.vm_file!.host!, folio.block!),
    'data-corruption',
    'a page in use is a block of the file that was mapped',
  )
}
