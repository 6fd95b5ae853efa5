/** Putting a machine together, before the tasks start. For the `setup` of scenarios. */
import { all, at, bound, init, index_of, Task } from '../../dialect/index.ts'
import type { DevDax } from '../drivers/dax/dax-private.ts'
import { devres_release_all, pmem_attach_disk, PmemDevice } from '../drivers/nvdimm/pmem.ts'
import { virtio_fs_remove, VirtioFs } from '../fs/fuse/virtio_fs.ts'
import { xfs_open_devices } from '../fs/xfs/xfs_super.ts'
import type { Bio } from '../include/bio.ts'
import { DaxDevice } from '../include/dax.ts'
import { AddressSpace, Block, DAX_REAL, FUSE, SuperBlock, XFS, type Inode } from '../include/fs.ts'
import { DevPagemap, MEMORY_DEVICE_FS_DAX, MEMORY_DEVICE_GENERIC } from '../include/memremap.ts'
import { Cpu, Folio, type MmStruct, type Vma } from '../include/mm_types.ts'
import { fuse_conn_dax, FuseDaxMapping } from '../fs/fuse/dax_window.ts'
import { folio_ref_count, GUP_PIN_COUNTING_BIAS } from '../include/mm.ts'
import { get_and_add_rmap, ZERO_PAGE } from '../mm/memory.ts'
import { set_anon_pte } from '../mm/memory_cow.ts'
import { set_pte_at, store_bytes } from '../mm/pgtable.ts'
import { memremap_pages } from '../mm/memremap.ts'
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

/** The first `pages` pages of the machine are a device that can go away. */
export function pagemap_init(pgmap: DevPagemap, type: number, pages: number): void {
  init(pgmap, { type, nr_pages: pages })
  for (let n = 0; n < pages; n++) init(at(Folio, n), { pgmap })
  memremap_pages(pgmap)
}

/**
 * The device under the files can go away. Before machine_init(). XFS, if it can find the files of a block (`rmapbt`), or if
 * not, has claimed it; ext4 and virtiofs have no use for that.
 */
export function removable_init(rmapbt: boolean): void {
  const sb = at(SuperBlock, 0)
  const pgmap = at(DevPagemap, 0)
  const dax_dev = at(DaxDevice, 0)
  init(sb, { s_dax_dev: dax_dev, s_rmapbt: rmapbt })
  init(pgmap, { dax_dev })
  pagemap_init(pgmap, MEMORY_DEVICE_FS_DAX, bound('blocks'))
  if (bound('fs') === FUSE) init(at(VirtioFs, 0), { dax_dev, pgmap })
  else {
    init(at(PmemDevice, 0), { pgmap, dax_dev, bd_holder: sb })
    pmem_attach_disk(at(PmemDevice, 0))
  }
  if (bound('fs') === XFS) xfs_open_devices(sb)
}

/** The driver of the device of removable_init() is unbound. */
export function unbind(): void {
  if (bound('fs') === FUSE) virtio_fs_remove(at(VirtioFs, 0))
  else devres_release_all(at(PmemDevice, 0))
}

/** Device DAX: the pages of the machine are those of the device. Instead of removable_init(), before machine_init(). */
export function dev_dax_init(dev_dax: DevDax): void {
  const pgmap = at(DevPagemap, 0)
  pagemap_init(pgmap, MEMORY_DEVICE_GENERIC, bound('blocks'))
  init(dev_dax, { pgmap, dax_dev: at(DaxDevice, 0), i_mapping: at(AddressSpace, 0) })
}

/** A mapping of the device, which the program has already. */
export function dev_dax_mmap_init(vma: Vma, mm: MmStruct, dev_dax: DevDax): void {
  init(vma, { vm_mm: mm, vm_file: dev_dax.i_mapping, vm_pages: bound('blocks'), vm_dev_dax: dev_dax })
  mm.mm_mt[index_of(vma)] = true
  vma_interval_tree_insert(vma)
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

/** Reflink: page n of the file is shared with the other file. */
export function shared_init(inode: Inode, other: Inode, n: number): void {
  other.extent[n] = inode.extent[n]
  inode.extent[n]!.co_owner = other
}

/** What a power cut leaves is asked. The blocks that the file has are on the device. */
export function journal_init(inode: Inode, pages: number): void {
  init(at(SuperBlock, 0), { s_journal: true })
  for (let n = 0; n < pages; n++) inode.committed[n] = inode.extent[n]
}

/** MAP_SYNC. */
export function sync_init(vma: Vma): void {
  init(vma, { vm_sync: true })
}

/** The program has stored to page n of the file: it is mapped, and its entry is dirty. */
export function stored_init(vma: Vma, n: number): void {
  const folio = at(Folio, n)
  entry_init(vma, n)
  vma.vm_file!.i_pages[n].dirty = true
  store_bytes(folio, vma, n)
  if (folio_ref_count(folio) === 0) use_is_reference(folio)
  get_and_add_rmap(folio)
  set_pte_at(vma, n, folio, true)
}

/** A program has read page n of the file through a mapping that is gone again: its entry is there, and clean. */
export function entry_init(vma: Vma, n: number): void {
  const entry = vma.vm_file!.i_pages[n]
  entry.kind = DAX_REAL
  entry.pfn = at(Folio, n)
  at(Folio, n).mapping = vma.vm_file
  entry_is_reference(at(Folio, n))
}

/** The transfer is under way: the device has the page, and does it now or later. */
export function submitted_init(bio: Bio, folio: Folio): void {
  if (folio_ref_count(folio) === 0) use_is_reference(folio)
  folio._refcount.add(GUP_PIN_COUNTING_BIAS)
  bio.bi_folio = folio
  bio.bi_submitted = true
}

/**
 * virtiofs: files are seen through a window as large as the device, all of it free. Pages of files have no blocks then:
 * a range of the window is set up for each that is asked for.
 */
export function window_init(): void {
  init(at(SuperBlock, 0), { dax_window: true })
  for (let n = 0; n < bound('blocks'); n++) {
    at(FuseDaxMapping, n).refcnt.set(1)
    at(FuseDaxMapping, n).free = true
  }
  fuse_conn_dax().nr_free_ranges = bound('blocks')
}

/** A range of the window shows that page of the file. */
export function range_init(inode: Inode, index: number, n: number): void {
  const range = at(FuseDaxMapping, n)
  inode.extent[index] = at(Block, n)
  inode.nr_ranges = inode.nr_ranges + 1
  at(Block, n).owner = inode
  range.free = false
  range.busy = true
  range.inode = inode
  range.start = index
  fuse_conn_dax().nr_free_ranges = fuse_conn_dax().nr_free_ranges - 1
}

/** The program has stored to page n of its private mapping before: copy `n` is there. */
export function copied_init(vma: Vma, n: number): void {
  const copy = at(Folio, bound('blocks') + 1 + n)
  copy._refcount.set(1)
  set_anon_pte(vma, n, copy)
}

/** Somebody, who never lets go, has a reference of the page. */
export function used_init(folio: Folio): void {
  if (folio_ref_count(folio) === 0) use_is_reference(folio)
  folio._refcount.inc()
}

/** What an entry that names a page is to its count: nothing in any release. */
export function entry_is_reference(_folio: Folio): void {}

/** What the first user of a page is to its page map: nothing, for a page of FSDAX in any release. */
export function use_is_reference(_folio: Folio): void {}

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

/** MAP_PRIVATE. */
export function private_init(vma: Vma): void {
  init(vma, { vm_private: true })
}

/** Memory for `count` private copies of pages. */
export function copies_init(count: number): void {
  for (let n = 0; n < count; n++) init(at(Folio, bound('blocks') + 1 + n), { anon: true })
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
