/**
 * fsync(2), MAP_SYNC, and what a power cut leaves. Linux 7.3 fs/sync.c, fs/xfs/xfs_file.c, fs/ext4/fsync.c, fs/dax.c.
 * A power cut takes what is only in caches of CPUs, and transactions that are not on the device. Stores to a page are
 * numbered: a promise names the last one that must be there. Left out: write(2), whose bytes are on the device when it
 * returns; that caches may write lines back by themselves, which breaks no promise.
 */
import { all, at, bound, current, down_read, expect, indivisible, up_read } from '../../dialect/index.ts'
import { Inode, SuperBlock, type Block } from '../include/fs.ts'
import { HPAGE_PMD_NR, PMD_ORDER } from '../include/huge_mm.ts'
import { Cpu, type Folio, type Vma } from '../include/mm_types.ts'
import { dax_insert_pfn_mkwrite } from './dax_fault.ts'
import { dax_writeback_mapping_range } from './dax_writeback.ts'
import { file_pages } from './inode.ts'

/** fsync(2): stores of before are promised when it returns. */
export function sys_fsync(inode: Inode): void {
  if (inode.i_sb!.s_journal) note_stores(inode)
  vfs_fsync_range(inode, 0, file_pages())
  if (inode.i_sb!.s_journal) promise_stores(inode)
}

/** Data, and then the transactions that say where they are. Linux: xfs_file_fsync(), ext4_sync_file(). */
export function vfs_fsync_range(inode: Inode, start: number, end: number): void {
  dax_writeback_mapping_range(inode.i_mapping!, start, end)
  if (inode.i_sb!.s_journal) commit_metadata(inode)
}

/** Linux: xfs_log_force_seq(), jbd2_complete_transaction(). */
export function commit_metadata(inode: Inode): void {
  down_read(inode.i_lock)
  indivisible(() => {
    inode.dirty_metadata = false
    for (let index = 0; index < bound('pages'); index++) inode.committed[index] = inode.extent[index]
  })
  up_read(inode.i_lock)
}

/**
 * A store through MAP_SYNC to a block whose transaction is not on the device: the program may flush its bytes by itself
 * afterwards, so the transaction goes first. Called with the fault lock held.
 */
export function dax_finish_sync_fault(vma: Vma, index: number, order: number): number {
  const page = at(Cpu, current.id).sync_page!
  at(Cpu, current.id).sync_page = null
  vfs_fsync_range(vma.vm_file!.host!, index, order === PMD_ORDER ? HPAGE_PMD_NR() : index + 1)
  return dax_insert_pfn_mkwrite(vma, index, page, order)
}

// What programs do, and what they may rely on.

export function note_stores(inode: Inode): void {
  indivisible(() => {
    for (let index = 0; index < bound('pages'); index++) {
      inode.asked[current.id * bound('pages') + index] = inode.stored[index]
    }
  })
}

export function promise_stores(inode: Inode): void {
  indivisible(() => {
    for (let index = 0; index < bound('pages'); index++) {
      promise_store(inode, index, inode.asked[current.id * bound('pages') + index])
    }
  })
}

/** Called in an indivisible step. */
export function promise_store(inode: Inode, index: number, store: number): void {
  inode.promised[index] = store > inode.promised[index] ? store : inode.promised[index]
}

/** A program stores to the block. Called in an indivisible step. */
export function note_store(inode: Inode, index: number, block: Block): void {
  inode.stored[index] = inode.stored[index] + 1
  block.cached = inode.stored[index]
}

/** Cache lines of the page go to the device. */
export function note_flush(folio: Folio): void {
  folio.unflushed = false
  if (at(SuperBlock, 0).s_journal) folio.block!.persistent = folio.block!.cached
}

/** The file has other blocks than before. Called with the lock of the extents held, in an indivisible step. */
export function note_transaction(inode: Inode): void {
  if (inode.i_sb!.s_journal) inode.dirty_metadata = true
}

/** A block that a file gets holds zeroes, on the device too. */
export function note_zeroed(block: Block): void {
  if (at(SuperBlock, 0).s_journal) {
    block.cached = 0
    block.persistent = 0
  }
}

/** Truncate and hole punch take the bytes away: nothing of them is promised any more. */
export function forget_promise(inode: Inode, index: number): void {
  if (inode.i_sb!.s_journal) inode.promised[index] = 0
}

/** The machine loses power: what was promised is there when it comes back. */
export function power_cut(): void {
  indivisible(() => {
    for (const inode of all(Inode)) {
      for (let index = 0; index < bound('pages'); index++) expect_promise_kept(inode, index)
    }
  })
}

export function expect_promise_kept(inode: Inode, index: number): void {
  const block = inode.committed[index]
  expect(
    inode.promised[index] === 0 || (block !== null && block.persistent >= inode.promised[index]),
    'data-corruption',
    'stores that a program was told to be safe survive a power cut',
  )
}
