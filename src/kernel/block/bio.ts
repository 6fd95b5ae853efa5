/** Direct I/O into user pages. Linux 7.3 block/bio.c, block/fops.c. One bio of one page, read from a block device. */
import { complete, expect, wait_for_completion, when } from '../../dialect/index.ts'
import type { Bio } from '../include/bio.ts'
import { EFAULT, type Errno } from '../include/errno.ts'
import { FOLL_WRITE } from '../include/mm.ts'
import type { Folio } from '../include/mm_types.ts'
import { pin_user_pages_fast, unpin_user_page } from '../mm/gup.ts'

/** Pins the page that the device is to write to. Linux: bio_iov_iter_get_pages(), iov_iter_extract_pages(). */
export function bio_iov_iter_get_pages(bio: Bio, index: number): Errno {
  const folio = pin_user_pages_fast(bio.bi_vma!, index, FOLL_WRITE)
  if (folio === null) return -EFAULT
  bio.bi_page_pinned = true
  bio.bi_folio = folio
  return 0
}

export function submit_bio(bio: Bio): void {
  bio.bi_submitted = true
}

/** The device: takes a submitted bio and writes to its page, whoever the block belongs to by then. */
export function device_transfers(bio: Bio): void {
  when(
    () => bio.bi_submitted,
    () => {
      const block = bio.bi_folio!.block!
      expect(block.owner !== null, 'use-after-free', 'DMA goes to a block that belongs to a file')
      expect(
        block.owner === bio.bi_vma!.vm_file!.host,
        'data-corruption',
        'DMA goes to a block of the file that was mapped',
      )
      bio.bi_submitted = false
    },
  )
}

/** Drops the reference. Linux: bio_release_pages(), __bio_release_pages(), bio_release_page(). */
export function bio_release_pages(bio: Bio): void {
  const folio = bio.bi_folio!
  bio.bi_folio = null
  bio_release_page(bio, folio)
}

export function bio_release_page(bio: Bio, folio: Folio): void {
  if (bio.bi_page_pinned) unpin_user_page(folio)
}

/** The interrupt that ends a transfer: the pages are released, then the submitter is told. */
export function bio_endio(bio: Bio): void {
  bio_release_pages(bio)
  complete(bio.bi_done)
}

/** Reads from a block device into page `index` of a mapping, and waits. */
export function __blkdev_direct_IO_simple(bio: Bio, index: number): Errno {
  const error = bio_iov_iter_get_pages(bio, index)
  if (error !== 0) return error
  submit_bio(bio)
  wait_for_completion(bio.bi_done)
  return 0
}
