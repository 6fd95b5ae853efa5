/**
 * Blocks of files: a model of what XFS, ext4 and virtiofs do with extents, transactions and free space.
 * A transaction is one step, guarded by the lock of the extents; when it is on the device is told in sync.ts. `bmap_free` is where it shows whether everybody has
 * let go: nothing may reach the block any more.
 */
import {
  all,
  assert,
  at,
  bool,
  bound,
  current,
  down_read,
  down_write,
  expect,
  indivisible,
  Struct,
  up_read,
  up_write,
} from '../../dialect/index.ts'
import { Bio } from '../include/bio.ts'
import { Block, block_is_shared, can_be_unwritten, can_share, type Inode } from '../include/fs.ts'
import { folio_page, HPAGE_PMD_NR, pfn_is_aligned } from '../include/huge_mm.ts'
import { Vma, type Folio } from '../include/mm_types.ts'
import { fuse_iomap_begin } from './fuse/dax_window.ts'
import { forget_promise, note_transaction, note_zeroed } from './sync.ts'
import { pmd_maps } from '../mm/pgtable.ts'
import {
  xfs_dax_write_iomap_begin,
  xfs_dax_write_iomap_end,
  xfs_read_iomap_begin,
  xfs_read_iomap_end,
} from './xfs/xfs_iomap.ts'

/**
 * The block at that place of the file, for a fault; who wants to write fills a hole. Null: a hole, or the device is full;
 * where the file is seen through a window, that no range of it is free (-EAGAIN).
 */
export function iomap_begin(inode: Inode, index: number, write: boolean): Block | null {
  if (inode.i_sb!.dax_window) return fuse_iomap_begin(inode, index)
  const block = iomap_lookup(inode, index, write)
  if (block !== null || !write) return block
  return bmap_fill(inode, index)
}

/** The block of the file, or one that the bytes of a shared block are to be copied to. Null: a hole. */
export function iomap_lookup(inode: Inode, index: number, write: boolean): Block | null {
  if (!can_share()) return bmap_lookup(inode, index)
  return write ? xfs_dax_write_iomap_begin(inode, index) : xfs_read_iomap_begin(inode, index)
}

/** The operation on the block is over. */
export function iomap_end(inode: Inode, index: number, write: boolean): void {
  if (!can_share()) return
  if (write) xfs_dax_write_iomap_end(inode, index)
  else xfs_read_iomap_end()
}

/** What iomap_begin() says of a block besides where it is. In the kernel on the stack of its task. Set where files share blocks only. */
export class Iomap extends Struct<'iomap'> {
  /** IOMAP_F_SHARED: the file has the block together with another one, or is about to get a copy of such a block. */
  shared = bool()
}

export function current_iomap(): Iomap {
  return at(Iomap, current.id)
}

export function iomap_is_shared(): boolean {
  return can_share() && current_iomap().shared
}

/** The first block of a huge page of the file: blocks for all its pages, in a row and aligned on the device. Null: there is none. Left out: shared ones. */
export function iomap_begin_huge(inode: Inode, write: boolean): Block | null {
  if (can_share()) return null
  const first = iomap_begin(inode, 0, write)
  if (first === null || !pfn_is_aligned(first.pfn!)) return null
  for (let n = 1; n < HPAGE_PMD_NR(); n++) {
    const block = iomap_begin(inode, n, write)
    if (block === null || block.pfn !== folio_page(first.pfn!, n)) return null
  }
  return first
}

/** Called with the lock of the extents held. */
export function is_unwritten(inode: Inode, index: number): boolean {
  return can_be_unwritten() && inode.unwritten[index]
}

/** Called with the lock of the extents held exclusively. */
export function set_unwritten(inode: Inode, index: number, unwritten: boolean): void {
  if (can_be_unwritten()) inode.unwritten[index] = unwritten
}

/** Null: a hole, or a block that nobody has stored to, which reads the same. */
export function bmap_lookup(inode: Inode, index: number): Block | null {
  down_read(inode.i_lock)
  const block = is_unwritten(inode, index) ? null : inode.extent[index]
  up_read(inode.i_lock)
  return block
}

/** A block for a hole, or the one that somebody else has put there meanwhile. */
export function bmap_fill(inode: Inode, index: number): Block | null {
  const block = bmap_alloc(inode, index)
  return block !== null ? block : bmap_lookup(inode, index)
}

/** A new block, or one that is written for the first time (IOMAP_F_NEW). Null: it is no hole any more, or the device is full. */
export function bmap_alloc(inode: Inode, index: number): Block | null {
  down_write(inode.i_lock)
  const block = is_unwritten(inode, index) ? inode.extent[index] : take_block_for_hole(inode, index)
  if (block !== null) {
    inode.extent[index] = block
    set_unwritten(inode, index, false)
    note_zeroed(block)
    note_transaction(inode)
  }
  up_write(inode.i_lock)
  return block
}

/** Called with the lock of the extents held exclusively. */
export function take_block_for_hole(inode: Inode, index: number): Block | null {
  return inode.extent[index] === null ? take_free_block(inode) : null
}

export function take_free_block(inode: Inode): Block | null {
  return indivisible(() => {
    for (const block of all(Block)) {
      if (block.owner === null) {
        block.owner = inode
        return block
      }
    }
    return null
  })
}

/** Gives blocks start .. end - 1 of the file back. Called with the fault lock held exclusively, or at eviction. */
export function bmap_free(inode: Inode, start: number, end: number): void {
  down_write(inode.i_lock)
  free_extents(inode, start, end)
  up_write(inode.i_lock)
}

/** Called with the lock of the extents held exclusively. */
export function free_extents(inode: Inode, start: number, end: number): void {
  for (let index = start; index < end; index++) {
    const block = inode.extent[index]
    if (block !== null) {
      inode.extent[index] = null
      set_unwritten(inode, index, false)
      forget_promise(inode, index)
      note_transaction(inode)
      free_block(inode, block)
    }
  }
}

/** Holes of pages start .. end - 1 get blocks, and all blocks there read as zeroes from now on. Called with the fault lock held exclusively. */
export function bmap_make_unwritten(inode: Inode, start: number, end: number): void {
  down_write(inode.i_lock)
  for (let index = start; index < end; index++) make_unwritten(inode, index)
  up_write(inode.i_lock)
}

/** Called with the lock of the extents held exclusively. */
export function make_unwritten(inode: Inode, index: number): void {
  assert(can_be_unwritten(), 'blocks that read as zeroes are expected: bounds: { unwritten: 1 }')
  const present = inode.extent[index]
  const block = present !== null ? present : take_free_block(inode)
  if (block !== null) {
    if (present !== null) indivisible(() => expect_settled(block.pfn!))
    inode.extent[index] = block
    set_unwritten(inode, index, true)
    note_transaction(inode)
  }
}

/**
 * Blocks from page `end` on move down to `start`, where a hole is. Called with the lock of the extents and the fault lock
 * held exclusively. A promise to keep bytes at a place would have to move with them: not where the file system has a journal.
 */
export function shift_extents_left(inode: Inode, start: number, end: number): void {
  for (let index = end; index < bound('pages'); index++) shift_extent(inode, index, start + index - end)
}

/** Blocks from page `start` on move up by `end - start`; the last ones have room there. Called as the one before. */
export function shift_extents_right(inode: Inode, start: number, end: number): void {
  for (let index = bound('pages') - 1; index >= end; index--) shift_extent(inode, start + index - end, index)
}

export function shift_extent(inode: Inode, from: number, to: number): void {
  assert(!inode.i_sb!.s_journal, 'what a power cut leaves of a shift is not modelled')
  const block = inode.extent[from]
  if (block !== null) indivisible(() => expect_settled(block.pfn!))
  inode.extent[to] = block
  set_unwritten(inode, to, is_unwritten(inode, from))
  inode.extent[from] = null
  set_unwritten(inode, from, false)
}

/** The file gives the block up. It is free when no other file has it. */
export function free_block(inode: Inode, block: Block): void {
  indivisible(() => {
    if (block_is_shared(block)) {
      if (block.owner === inode) block.owner = block.co_owner
      block.co_owner = null
    } else {
      expect_unused(block.pfn!)
      block.owner = null
    }
  })
}

/** What a block that goes back to the free space must not be: under I/O, or mapped. */
export function expect_unused(folio: Folio): void {
  expect(!is_under_io(folio), 'use-after-free', 'a block is not freed while its page is pinned for I/O')
  expect(!is_mapped(folio), 'stale-mapping', 'a block is not freed while a page-table entry maps it')
}

/** What a block must not be that stands elsewhere in its file afterwards, or reads as zeroes. */
export function expect_settled(folio: Folio): void {
  expect(!is_under_io(folio), 'data-corruption', 'bytes of a file stay where a transfer puts them or takes them from')
  expect(!is_mapped(folio), 'stale-mapping', 'the bytes of a mapped page stay where they are in the file')
}

/** A question of properties. Called in an indivisible step, as the next one. */
export function is_under_io(folio: Folio): boolean {
  for (const bio of all(Bio)) {
    if (bio.bi_folio === folio) return true
  }
  return false
}

export function is_mapped(folio: Folio): boolean {
  for (const vma of all(Vma)) {
    if (pmd_maps(vma, folio)) return true
    for (let index = 0; index < bound('pages'); index++) {
      if (vma.pte[index].pfn === folio) return true
    }
  }
  return false
}
