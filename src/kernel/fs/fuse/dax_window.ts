/**
 * virtiofs: the window of the device through which files of the server are seen. Linux 7.3 fs/fuse/dax.c.
 * A range of it is one page here instead of 2 MiB, and range n is page n of the device. `extent` of the inode is its tree
 * of ranges, and the owner of a block is the file that the server shows there.
 * Left out: ranges that are set up for reading only and upgraded; errors of the server; the order of the lists of free and
 * of busy ranges: the first that will do is taken.
 */
import {
  all,
  assert_held_write,
  at,
  atomic,
  bool,
  bound,
  down_read,
  down_write,
  embedded,
  guardedBy,
  index_of,
  ref,
  sleeping_for,
  spin_lock,
  spin_unlock,
  Spinlock,
  Struct,
  TASK_INTERRUPTIBLE,
  TASK_UNINTERRUPTIBLE,
  uint,
  up_read,
  up_write,
  when,
} from '../../../dialect/index.ts'
import { EINTR, type Errno } from '../../include/errno.ts'
import { Block, Inode } from '../../include/fs.ts'
import { WaitQueueHead } from '../../include/wait.ts'
import { schedule } from '../../kernel/sched/core.ts'
import { __wake_up, finish_wait, prepare_to_wait_event } from '../../kernel/sched/wait.ts'
import { invalidate_inode_pages2_range } from '../../mm/truncate.ts'
import { dax_writeback_mapping_range } from '../dax_writeback.ts'
import { iput } from '../inode.ts'
import { free_block } from '../iomap.ts'
import { fuse_dax_break_layouts } from './dax.ts'

/** struct fuse_dax_mapping. */
export class FuseDaxMapping extends Struct<'fuse_dax_mapping'> {
  /** 1, and 1 for each fault or transfer between iomap_begin() and iomap_end(). Mappings and pins do not count. */
  refcnt = atomic(3)
  /** It is on the list of free ranges. */
  free = guardedBy(bool(), () => fuse_conn_dax().lock)
  /** It is on the list of busy ranges, for the worker. */
  busy = guardedBy(bool(), () => fuse_conn_dax().lock)
  /** The file that it shows, and which page of it. Read under the lock while it is on the list of busy ranges. */
  inode = ref(() => Inode)
  start = uint(2)
}

/** struct fuse_conn_dax: one connection. */
export class FuseConnDax extends Struct<'fuse_conn_dax'> {
  lock = embedded(() => Spinlock)
  /** Changed under the lock, and read without it by who waits for a range. */
  nr_free_ranges = uint(2)
  /** The worker is to run: the work queue's own bit. */
  free_work = bool()
}

export function fuse_conn_dax(): FuseConnDax {
  return at(FuseConnDax, 0)
}

/** `range_waitq` of the connection. */
export function range_waitq(): WaitQueueHead {
  return at(WaitQueueHead, 2)
}

export function range_of(block: Block): FuseDaxMapping {
  return at(FuseDaxMapping, index_of(block))
}

export function block_of(range: FuseDaxMapping): Block {
  return at(Block, index_of(range))
}

// What a fault or a transfer asks for.

/** The range that shows that page of the file, held until fuse_iomap_end(). For faults. Null: -EAGAIN. */
export function fuse_iomap_begin(inode: Inode, index: number): Block | null {
  const known = fuse_lookup_range(inode, index)
  if (known !== null) return known
  const range = alloc_dax_mapping()
  return range === null ? null : fuse_setup_new_dax_mapping(inode, index, range)
}

/** The same for read(2) and write(2), which hold no fault lock and may reclaim a range. Null: -EINTR. */
export function fuse_iomap_begin_rw(inode: Inode, index: number): Block | null {
  const known = fuse_lookup_range(inode, index)
  if (known !== null) return known
  const range = alloc_dax_mapping_reclaim(inode)
  return range === null ? null : fuse_setup_new_dax_mapping(inode, index, range)
}

export function fuse_iomap_end(block: Block | null): void {
  if (block !== null) range_of(block).refcnt.dec()
}

/** The reference is taken under the lock of the tree, so that who reclaims sees it. */
export function fuse_lookup_range(inode: Inode, index: number): Block | null {
  down_read(inode.i_lock)
  const block = inode.extent[index]
  if (block !== null) range_of(block).refcnt.inc()
  up_read(inode.i_lock)
  return block
}

/** Somebody else may have set one up meanwhile: then ours is not needed. */
export function fuse_setup_new_dax_mapping(inode: Inode, index: number, range: FuseDaxMapping): Block {
  down_write(inode.i_lock)
  const known = inode.extent[index]
  if (known === null) fuse_setup_one_mapping(inode, index, range)
  else dmap_add_to_free_pool(range)
  const block = known === null ? block_of(range) : known
  range_of(block).refcnt.inc()
  up_write(inode.i_lock)
  return block
}

/** FUSE_SETUPMAPPING. Called with the lock of the tree held exclusively. */
export function fuse_setup_one_mapping(inode: Inode, index: number, range: FuseDaxMapping): void {
  assert_held_write(inode.i_lock)
  const block = block_of(range)
  block.owner = inode
  range.inode = inode
  range.start = index
  inode.extent[index] = block
  inode.nr_ranges = inode.nr_ranges + 1
  spin_lock(fuse_conn_dax().lock)
  range.busy = true
  spin_unlock(fuse_conn_dax().lock)
}

// Free ranges.

/** A free range, or null. The last one makes the worker run. */
export function alloc_dax_mapping(): FuseDaxMapping | null {
  const fcd = fuse_conn_dax()
  spin_lock(fcd.lock)
  const range = first_free_range()
  if (range !== null) {
    range.free = false
    fcd.nr_free_ranges = fcd.nr_free_ranges - 1
  }
  __kick_dmap_free_worker(fcd)
  spin_unlock(fcd.lock)
  return range
}

/** Called with the lock of the connection held. */
export function first_free_range(): FuseDaxMapping | null {
  for (const range of all(FuseDaxMapping)) if (range.free) return range
  return null
}

/** Called with the lock of the connection held. Every range but the last may be used before the worker runs. */
export function __kick_dmap_free_worker(fcd: FuseConnDax): void {
  if (fcd.nr_free_ranges < 1) fcd.free_work = true
}

export function kick_dmap_free_worker(): void {
  const fcd = fuse_conn_dax()
  spin_lock(fcd.lock)
  __kick_dmap_free_worker(fcd)
  spin_unlock(fcd.lock)
}

export function dmap_add_to_free_pool(range: FuseDaxMapping): void {
  spin_lock(fuse_conn_dax().lock)
  __dmap_add_to_free_pool(range)
  spin_unlock(fuse_conn_dax().lock)
}

/** Called with the lock of the connection held. Wakes all faults that wait, and one of the others. */
export function __dmap_add_to_free_pool(range: FuseDaxMapping): void {
  const fcd = fuse_conn_dax()
  range.free = true
  fcd.nr_free_ranges = fcd.nr_free_ranges + 1
  __wake_up(range_waitq(), 1, fcd)
}

/** A fault has let go of its locks: wait_event(). */
export function wait_for_free_range(): void {
  const fcd = fuse_conn_dax()
  if (fcd.nr_free_ranges > 0) return
  for (;;) {
    prepare_to_wait_event(range_waitq(), fcd, TASK_UNINTERRUPTIBLE, false)
    if (fcd.nr_free_ranges > 0) break
    sleeping_for(
      fcd,
      () => fcd.nr_free_ranges > 0,
      () => schedule(),
    )
  }
  finish_wait(range_waitq())
}

/** wait_event_killable_exclusive(). Any signal kills here. */
export function wait_for_free_range_killable(): Errno {
  const fcd = fuse_conn_dax()
  if (fcd.nr_free_ranges > 0) return 0
  for (;;) {
    const interrupted = prepare_to_wait_event(range_waitq(), fcd, TASK_INTERRUPTIBLE, true)
    if (fcd.nr_free_ranges > 0) break
    if (interrupted !== 0) return -EINTR
    sleeping_for(
      fcd,
      () => fcd.nr_free_ranges > 0,
      () => schedule(),
    )
  }
  finish_wait(range_waitq())
  return 0
}

// Reclaim.

/** No range is free: takes one from the same file. Null: -EINTR. */
export function alloc_dax_mapping_reclaim(inode: Inode): FuseDaxMapping | null {
  for (;;) {
    const range = alloc_dax_mapping()
    if (range !== null) return range
    const reclaimed = inode_inline_reclaim_one_dmap(inode)
    if (reclaimed !== null) return reclaimed
    if (inode.nr_ranges === 0 && wait_for_free_range_killable() !== 0) return null
  }
}

/** Null: there is none, or one was in use. No fault lock is held by the caller. */
export function inode_inline_reclaim_one_dmap(inode: Inode): FuseDaxMapping | null {
  down_write(inode.i_mapping!.invalidate_lock)
  const range = inode_inline_reclaim_locked(inode)
  up_write(inode.i_mapping!.invalidate_lock)
  return range
}

/** Called with the fault lock held exclusively. The lock of the tree is taken for each place, in Linux for the whole look. */
export function inode_inline_reclaim_locked(inode: Inode): FuseDaxMapping | null {
  for (let index = 0; index < bound('pages'); index++) {
    if (inode_lookup_dmap(inode, index)) return inode_inline_reclaim_at(inode, index)
  }
  return null
}

/** Called with the fault lock held exclusively. Left out: that a signal ends the caller too. */
export function inode_inline_reclaim_at(inode: Inode, index: number): FuseDaxMapping | null {
  if (fuse_dax_break_layouts(inode, index, index + 1) !== 0) return null
  const range = lookup_and_reclaim(inode, index)
  if (range !== null) dmap_remove_busy_list(range)
  return range
}

/** There is a range at that place, and nobody is about to use it. */
export function inode_lookup_dmap(inode: Inode, index: number): boolean {
  down_read(inode.i_lock)
  const idle = range_is_idle(inode, index)
  up_read(inode.i_lock)
  return idle
}

/** Called with the lock of the tree held. */
export function range_is_idle(inode: Inode, index: number): boolean {
  const block = inode.extent[index]
  return block !== null && range_of(block).refcnt.read() <= 1
}

/**
 * The layout was broken with the fault lock held, so no program reaches the range by a mapping. But the file may have lost
 * it while the fault lock was dropped, and read(2) and write(2) take no fault lock: both are looked at again here.
 */
export function lookup_and_reclaim(inode: Inode, index: number): FuseDaxMapping | null {
  down_write(inode.i_lock)
  const range = lookup_and_reclaim_dmap_locked(inode, index)
  up_write(inode.i_lock)
  return range
}

/** Called with the lock of the tree held exclusively. */
export function lookup_and_reclaim_dmap_locked(inode: Inode, index: number): FuseDaxMapping | null {
  const block = inode.extent[index]
  if (block === null) return null
  const range = range_of(block)
  if (range.refcnt.read() > 1) return null
  reclaim_one_dmap_locked(inode, index, block)
  return range
}

/** Called with the lock of the tree held exclusively. */
export function reclaim_one_dmap_locked(inode: Inode, index: number, block: Block): void {
  dmap_writeback_invalidate(inode, index)
  inode.extent[index] = null
  inode.nr_ranges = inode.nr_ranges - 1
  dmap_removemapping_one(inode, block)
}

export function dmap_writeback_invalidate(inode: Inode, index: number): void {
  dax_writeback_mapping_range(inode.i_mapping!, index, index + 1)
  invalidate_inode_pages2_range(inode.i_mapping!, index, index + 1)
}

/** FUSE_REMOVEMAPPING: the window shows nothing there any more, whoever uses it. */
export function dmap_removemapping_one(inode: Inode, block: Block): void {
  free_block(inode, block)
}

export function dmap_remove_busy_list(range: FuseDaxMapping): void {
  spin_lock(fuse_conn_dax().lock)
  range.busy = false
  spin_unlock(fuse_conn_dax().lock)
  range.inode = null
  range.start = 0
}

// The worker.

/**
 * One run of the work queue: waits until it is asked for. A run that frees nothing asks for the next one, a millisecond
 * later. Left out: runs that find every range in use, which change nothing.
 */
export function fuse_dax_free_mem_worker(): void {
  const fcd = fuse_conn_dax()
  when(
    () => fcd.free_work && all(FuseDaxMapping).some((range) => range.inode !== null && range.refcnt.read() <= 1),
    () => {
      fcd.free_work = false
    },
  )
  try_to_free_dmap_chunks()
  kick_dmap_free_worker()
}

/** Reclaims one range of any file. Linux: up to ten. */
export function try_to_free_dmap_chunks(): void {
  const fcd = fuse_conn_dax()
  spin_lock(fcd.lock)
  const range = first_busy_range()
  const inode = range === null ? null : range.inode
  const index = range === null ? 0 : range.start
  if (inode !== null) inode.i_count.inc()
  spin_unlock(fcd.lock)
  if (inode === null) return
  for (const file of all(Inode)) if (inode === file) lookup_and_reclaim_dmap(file, index)
  iput(inode)
}

/** Called with the lock of the connection held. */
export function first_busy_range(): FuseDaxMapping | null {
  for (const range of all(FuseDaxMapping)) if (range.busy && range.refcnt.read() <= 1) return range
  return null
}

export function lookup_and_reclaim_dmap(inode: Inode, start: number): void {
  for (let index = 0; index < bound('pages'); index++) if (index === start) lookup_and_reclaim_dmap_at(inode, index)
}

export function lookup_and_reclaim_dmap_at(inode: Inode, index: number): void {
  down_write(inode.i_mapping!.invalidate_lock)
  if (fuse_dax_break_layouts(inode, index, index + 1) === 0) reclaim_to_free_pool(inode, index)
  up_write(inode.i_mapping!.invalidate_lock)
}

/** Called with the fault lock held exclusively. */
export function reclaim_to_free_pool(inode: Inode, index: number): void {
  down_write(inode.i_lock)
  const range = lookup_and_reclaim_dmap_locked(inode, index)
  if (range !== null) dmap_reinit_add_to_free_pool(range)
  up_write(inode.i_lock)
}

export function dmap_reinit_add_to_free_pool(range: FuseDaxMapping): void {
  spin_lock(fuse_conn_dax().lock)
  range.busy = false
  range.inode = null
  range.start = 0
  __dmap_add_to_free_pool(range)
  spin_unlock(fuse_conn_dax().lock)
}

// The end of a file.

/** Nobody has the inode any more, so no lock is held. Linux: fuse_dax_inode_cleanup(), inode_reclaim_dmap_range(). */
export function fuse_dax_inode_cleanup(inode: Inode): void {
  for (let index = 0; index < bound('pages'); index++) {
    const block = inode.extent[index]
    if (block !== null) {
      inode.extent[index] = null
      inode.nr_ranges = inode.nr_ranges - 1
      dmap_removemapping_one(inode, block)
      dmap_reinit_add_to_free_pool(range_of(block))
    }
  }
}
