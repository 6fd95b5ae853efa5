/** Putting a machine together, before the tasks start. For the `setup` of scenarios. */
import { all, at, bound, init, index_of, Task } from '../../dialect/index.ts'
import type { Bio } from '../include/bio.ts'
import { AddressSpace, Block, DAX_REAL, FUSE, SuperBlock, type Inode } from '../include/fs.ts'
import { Cpu, Folio, type MmStruct, type Vma } from '../include/mm_types.ts'
import { get_and_add_rmap, ZERO_PAGE } from '../mm/memory.ts'
import { set_pte_at } from '../mm/pgtable.ts'
import { __init_zone_device_page } from '../mm/mm_init.ts'
import { vma_interval_tree_insert } from '../mm/mmap.ts'

/** The device: page n is block n, and all are free. A CPU for each task. */
export function machine_init(): void {
  init(at(SuperBlock, 0), { s_type: bound('fs') })
  for (let n = 0; n < bound('blocks'); n++) {
    init(at(Folio, n), { block: at(Block, n) })
    init(at(Block, n), { pfn: at(Folio, n) })
    __init_zone_device_page(at(Folio, n))
  }
  ZERO_PAGE()._refcount.set(1)
  for (const task of all(Task)) init(at(Cpu, task.id), { task })
}

/** A file of `pages` pages, which are holes. Its name holds it. */
export function file_init(inode: Inode, pages: number): void {
  const mapping = at(AddressSpace, index_of(inode))
  init(inode, { i_sb: at(SuperBlock, 0), i_mapping: mapping })
  init(mapping, { host: inode })
  inode.i_size = pages
  inode.i_nlink = 1
  inode.i_count.set(1)
}

/** Page n of the file is block n of the device, for `pages` pages. */
export function blocks_init(inode: Inode, pages: number): void {
  for (let n = 0; n < pages; n++) {
    inode.extent[n] = at(Block, n)
    at(Block, n).owner = inode
  }
}

/** The program has stored to page n of the file: it is mapped, and its entry is dirty. */
export function stored_init(vma: Vma, n: number): void {
  const entry = vma.vm_file!.i_pages[n]
  const folio = at(Folio, n)
  entry.kind = DAX_REAL
  entry.pfn = folio
  entry.dirty = true
  folio.mapping = vma.vm_file
  folio.unflushed = true
  get_and_add_rmap(folio)
  set_pte_at(vma, n, folio, true)
}

/** Somebody, who never lets go, has a reference of the page. */
export function used_init(folio: Folio): void {
  folio._refcount.inc()
}

/** Somebody has the file open. */
export function open_init(inode: Inode): void {
  inode.i_count.inc()
}

/** A place for `pages` pages of the file in the address space. sys_mmap() maps it. */
export function vma_init(vma: Vma, mm: MmStruct, inode: Inode, pages: number): void {
  init(vma, { vm_mm: mm, vm_file: inode.i_mapping, vm_pages: pages, vm_mixedmap: bound('fs') === FUSE })
}

/** The same, and the program wants no huge pages there: madvise(2) with MADV_NOHUGEPAGE. */
export function small_vma_init(vma: Vma, mm: MmStruct, inode: Inode, pages: number): void {
  vma_init(vma, mm, inode, pages)
  init(vma, { vm_nohugepage: true })
}

/** The program has mapped it before. */
export function mapped_init(vma: Vma): void {
  vma.vm_mm!.mm_mt[index_of(vma)] = true
  vma_interval_tree_insert(vma)
  vma.vm_file!.host!.i_count.inc()
}

/** The task is a thread of the program with that address space. */
export function thread_init(id: number, mm: MmStruct): void {
  init(at(Cpu, id), { mm })
}

/** The transfer goes from the device to that mapping: read(2). */
export function bio_init(bio: Bio, vma: Vma): void {
  init(bio, { bi_vma: vma })
}

/** The transfer goes from that mapping to the device: write(2). */
export function bio_write_init(bio: Bio, vma: Vma): void {
  init(bio, { bi_vma: vma, bi_op_write: true })
}
