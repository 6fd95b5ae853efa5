/**
 * Opening a fuse file: with O_TRUNC, and without the server's leave to keep what is cached. Linux 7.3 fs/fuse/dir.c, file.c.
 * One page of the page cache, whose writeback is queued. Left out: the server; the lock of the inode, which only the first has.
 */
import { bool, embedded, guardedBy, Mutex, mutex_lock, mutex_unlock, Struct, when } from '../../../dialect/index.ts'

export class FuseFile extends Struct<'fuse_file'> {
  /** FUSE_NOWRITE: no request that writes is sent. */
  nowrite = bool()
  /** A request that writes is on its way. */
  sending = bool()
  /** PG_locked of the page. */
  page_lock = embedded(() => Mutex)
  /** The page is in the page cache. */
  cached = guardedBy(bool(), (file: FuseFile) => file.page_lock)
  /** Bytes of the page are in a request that is queued or sent. */
  writeback = bool()
}

/** No request is sent from here on, and those that were are over. */
export function fuse_set_nowrite(file: FuseFile): void {
  file.nowrite = true
  when(() => !file.sending)
}

export function fuse_release_nowrite(file: FuseFile): void {
  file.nowrite = false
}

/** Sends the queued request when that is allowed, and ends the writeback when it was answered. */
export function fuse_flush_writepages(file: FuseFile): void {
  when(
    () => file.writeback && !file.nowrite,
    () => {
      file.sending = true
    },
  )
  file.writeback = false
  file.sending = false
}

/** Takes the page out. Its bytes, if they are being written, are in a copy. Linux: truncate_pagecache(). */
export function fuse_truncate_page(file: FuseFile): void {
  mutex_lock(file.page_lock)
  file.cached = false
  mutex_unlock(file.page_lock)
}

/** Takes the page out when the server has its bytes. Linux: fuse_launder_folio(). */
export function fuse_launder_page(file: FuseFile): void {
  mutex_lock(file.page_lock)
  if (file.cached) {
    when(() => !file.writeback)
    file.cached = false
  }
  mutex_unlock(file.page_lock)
}

/** open(2) with O_TRUNC. The page cache is truncated when requests may be sent again. */
export function fuse_open_trunc(file: FuseFile): void {
  fuse_set_nowrite(file)
  fuse_release_nowrite(file)
  fuse_truncate_page(file)
}

/** open(2) of a file whose cache is not to be kept. Linux: fuse_finish_open(), invalidate_inode_pages2(). */
export function fuse_open_invalidate(file: FuseFile): void {
  fuse_launder_page(file)
}
