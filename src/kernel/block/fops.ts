/**
 * Direct I/O on a block device. Linux 7.3 block/fops.c: read(2) and write(2) with O_DIRECT, from and to a mapping.
 * Left out: more than one bio, errors, polling, and the marking of pages as dirty, which may move the release of the
 * pages from the interrupt to a worker.
 */
import { complete, wait_for_completion } from '../../dialect/index.ts'
import type { Bio } from '../include/bio.ts'
import type { Errno } from '../include/errno.ts'
import { bio_iov_iter_get_pages, bio_release_pages, device_transfer, submit_bio } from './bio.ts'

/** read(2), or write(2) for a bio that goes to the device: returns when the transfer is over and the page released. */
export function sys_direct_io(bio: Bio, index: number): Errno {
  return __blkdev_direct_IO_simple(bio, index)
}

/** io_submit(2): returns when the device has it. */
export function sys_io_submit(bio: Bio, index: number): Errno {
  return __blkdev_direct_IO_async(bio, index)
}

export function __blkdev_direct_IO_simple(bio: Bio, index: number): Errno {
  const error = bio_iov_iter_get_pages(bio, index)
  if (error !== 0) return error
  submit_bio(bio)
  wait_for_completion(bio.bi_done)
  bio_release_pages(bio)
  return 0
}

export function __blkdev_direct_IO_async(bio: Bio, index: number): Errno {
  const error = bio_iov_iter_get_pages(bio, index)
  if (error !== 0) return error
  submit_bio(bio)
  return 0
}

/** The device and the interrupt that ends a transfer that somebody waits for. */
export function submit_bio_wait_endio(bio: Bio): void {
  device_transfer(bio)
  complete(bio.bi_done)
}

/** The device and the interrupt that ends a transfer that nobody waits for: it also releases the page. */
export function blkdev_bio_end_io_async(bio: Bio): void {
  device_transfer(bio)
  bio_release_pages(bio)
}
