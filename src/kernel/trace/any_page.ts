/**
 * What any task of a running kernel may do to one page of the device, in any order: the world that a trace is held
 * against. Each operation is the kernel's own function; what surrounds it (which mapping, which entry, how many
 * references) is chosen.
 *
 * The page has a number of holders: `gets` and `pins` say what was taken and not given back yet, by whomever, since
 * references are handed over. `queued` are mappings that are gone and whose reference waits for the flush of the TLB.
 * Slots are tasks or interrupts that are in the middle of something. The last one stands for all whom the trace does
 * not show.
 * Left out: locks that lie around an operation (page table, entry, fault lock): they only forbid.
 */
import {
  at,
  bound,
  choose,
  current,
  expect,
  ghost,
  init,
  property,
  scenario,
  spin_lock,
  spin_unlock,
  Struct,
  trace,
  uint,
} from '../../dialect/index.ts'
import {
  AddressSpace,
  bio_release_page,
  Block,
  DAX_REAL,
  dax_busy_page,
  dax_disassociate_entry,
  dax_fault_iter,
  dax_page_is_idle,
  Folio,
  folio_get,
  folio_mapcount,
  folio_put,
  folio_put_refs,
  FOLL_GET,
  FOLL_PIN,
  gup_put_folio,
  Inode,
  MmStruct,
  PTE_ORDER,
  put_page,
  schedule,
  SuperBlock,
  tlb_batch_pages_flush,
  try_grab_folio,
  try_grab_folio_fast,
  vm_normal_page,
  Vma,
  vmf_insert_page_mkwrite,
  wait_page_idle,
  wait_page_idle_uninterruptible,
  zap_present_ptes,
  __init_zone_device_page,
} from '../index.ts'

/** Who holds the page. */
export class Holders extends Struct<'holders'> {
  /** Plain references. */
  gets = ghost(uint(20))
  pins = ghost(uint(20))
  /** Mappings that are gone but for their reference. */
  queued = ghost(uint(20))
  /** Mappings that are gone but for their count and their reference. */
  delayed = ghost(uint(20))
}

const page = at(Folio, 0)
const holders = at(Holders, 0)

/** How many pages of a folio, or references, at once. Mostly one or two. */
export function how_many(): number {
  const few = choose(3)
  if (few < 2) return few + 1
  return 1 + choose(8) + 8 * choose(8) + 64 * choose(8)
}

/** FOLL_GET or FOLL_PIN. */
export function get_or_pin(): number {
  return choose(2) === 0 ? FOLL_GET : FOLL_PIN
}

export function hold(refs: number, flags: number): void {
  if (flags === FOLL_PIN) holders.pins = holders.pins + refs
  else holders.gets = holders.gets + refs
}

export function release(refs: number, flags: number): void {
  if (flags === FOLL_PIN) {
    expect(holders.pins >= refs, 'refcount', 'a pin is dropped that somebody holds')
    holders.pins = holders.pins - refs
  } else {
    expect(holders.gets >= refs, 'refcount', 'a reference is dropped that somebody holds')
    holders.gets = holders.gets - refs
  }
}

/** Fast GUP. When the entry has changed meanwhile it gives the reference back at once, as ungrab() does. */
export function grab_fast(): void {
  const flags = get_or_pin()
  const refs = how_many()
  if (try_grab_folio_fast(page, refs, flags) !== null) hold(refs, flags)
}

/** Slow GUP, one page at a time. With neither flag it only looks. */
export function grab_slow(): void {
  if (choose(2) === 0) {
    const flags = get_or_pin()
    try_grab_folio(page, 1, flags)
    hold(1, flags)
  } else trace('try_grab_folio', page, 1, false)
}

export function ungrab(): void {
  const flags = get_or_pin()
  const refs = how_many()
  release(refs, flags)
  if (choose(2) === 0) trace('unpin_user_folio', page, refs)
  gup_put_folio(page, refs, flags)
}

/** Who has a reference takes another one. */
export function get(): void {
  expect(!dax_page_is_idle(page), 'refcount', 'who takes a reference has one')
  folio_get(page)
  hold(1, FOLL_GET)
}

export function put(): void {
  release(1, FOLL_GET)
  put_page(page)
}

/** Several at once. Pages that are idle at 1 are never put like that: it tells nobody. */
export function put_several(): void {
  if (vm_normal_page(page) === null) return
  const refs = how_many()
  release(refs, FOLL_GET)
  folio_put_refs(page, refs)
}

/** The end of direct I/O where it holds plain references. */
export function put_bio(): void {
  if (bound('bio_gets') === 0) return
  release(1, FOLL_GET)
  bio_release_page(page)
}

/** A fault finds the entry, or another one that it keeps, and maps the page or finds it mapped. */
export function fault(): void {
  dax_fault_iter(at(Vma, current.id), 0, choose(2) === 1, PTE_ORDER)
}

/** A fault puts the page into the file and comes back later to map it. */
export function fault_twice(): void {
  trace('dax_insert_entry', page)
}

/** A fault that only makes an entry writable has taken its reference by get(). Linux: dax_insert_pfn_mkwrite(). */
export function fault_mkwrite(): void {
  if (vm_normal_page(page) === null) return
  release(1, FOLL_GET)
  vmf_insert_page_mkwrite(at(Vma, current.id), 0, page, choose(2) === 1)
  folio_put(page)
}

/** What looked like a reference was a copy of a mapping: fork does not say more. */
export function dup(): void {
  if (vm_normal_page(page) === null) return
  release(1, FOLL_GET)
  page._mapcount.inc()
}

/** The mapping goes now, its reference after the flush of the TLB. */
export function zap(): void {
  if (vm_normal_page(page) === null) return
  zap_present_ptes(page)
  if (choose(2) === 0) trace('__tlb_remove_folio_pages', page)
  holders.queued = holders.queued + 1
}

/** A dirty mapping: its count goes after the flush as well. */
export function zap_dirty(): void {
  if (vm_normal_page(page) === null) return
  expect(folio_mapcount(page) > holders.delayed, 'refcount', 'a mapping that goes was there')
  trace('__tlb_remove_folio_pages', page)
  holders.delayed = holders.delayed + 1
}

export function flush_rmap(): void {
  if (vm_normal_page(page) === null) return
  expect(holders.delayed > 0, 'refcount', 'a mapping that goes was there')
  holders.delayed = holders.delayed - 1
  zap_present_ptes(page)
  holders.queued = holders.queued + 1
}

export function flush(): void {
  if (vm_normal_page(page) === null) return
  expect(holders.queued > 0, 'refcount', 'a mapping has one reference')
  holders.queued = holders.queued - 1
  tlb_batch_pages_flush(page)
}

/** The scan for a page in use names this one. */
export function scan(): void {
  const mapping = at(AddressSpace, current.id)
  spin_lock(mapping.xa_lock)
  const busy = dax_busy_page(mapping.i_pages[0])
  spin_unlock(mapping.xa_lock)
  if (busy !== null) trace('dax_layout_busy_page_range', busy)
}

export function wait(): void {
  wait_page_idle(page, at(Inode, current.id), () => schedule())
}

export function wait_final(): void {
  wait_page_idle_uninterruptible(page)
}

/** The page leaves a file that shares it with others. */
export function leave_shared(): void {
  trace('dax_disassociate_entry', page)
}

/** The page leaves its file, and its block is about to be free. */
export function leave(): void {
  const mapping = at(AddressSpace, current.id)
  spin_lock(mapping.xa_lock)
  dax_disassociate_entry(mapping.i_pages[0])
  spin_unlock(mapping.xa_lock)
  expect(dax_page_is_idle(page), 'use-after-free', 'a page that leaves its file is idle')
}

/** The device goes away, and the `struct page` with it. */
export function remove_device(): void {
  trace('memunmap_pages')
  expect(dax_page_is_idle(page), 'use-after-free', 'the memory of a page stays as long as somebody refers to the page')
}

export function any_task(): void {
  for (;;) {
    const operation = choose(21)
    if (operation === 0) grab_fast()
    else if (operation === 1) grab_slow()
    else if (operation === 2) ungrab()
    else if (operation === 3) get()
    else if (operation === 4) put()
    else if (operation === 5) put_several()
    else if (operation === 6) put_bio()
    else if (operation === 7) fault()
    else if (operation === 8) fault_twice()
    else if (operation === 9) dup()
    else if (operation === 10) zap()
    else if (operation === 11) zap_dirty()
    else if (operation === 12) flush_rmap()
    else if (operation === 13) flush()
    else if (operation === 14) scan()
    else if (operation === 15) wait()
    else if (operation === 16) wait_final()
    else if (operation === 17) leave_shared()
    else if (operation === 18) leave()
    else if (operation === 19) fault_mkwrite()
    else remove_device()
  }
}

export default scenario({
  id: 'any-page',
  group: 'large',
  bounds: { pages: 1, blocks: 1, vmas: 6, ipi: 0, bio_gets: 0 },
  setup() {
    init(page, { block: at(Block, 0) })
    init(at(Block, 0), { pfn: page })
    __init_zone_device_page(page)
    for (let slot = 0; slot < bound('tasks'); slot++) {
      const mapping = at(AddressSpace, slot)
      init(at(Vma, slot), { vm_mm: at(MmStruct, slot), vm_file: mapping, vm_pages: 1 })
      init(mapping, { host: at(Inode, slot) })
      init(at(Inode, slot), { i_sb: at(SuperBlock, 0) })
      mapping.i_pages[0].kind = DAX_REAL
      mapping.i_pages[0].pfn = page
    }
  },
  tasks: { a: any_task, b: any_task, c: any_task, d: any_task, e: any_task, others: any_task },
  finally: {
    idle: property('leak', 'the page is idle', () => dax_page_is_idle(page)),
  },
})
