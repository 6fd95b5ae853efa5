/** Pages of a bio. Linux 7.3 block/bio.c. A bio has one page. */
import { expect, when } from '../../dialect/index.ts'
import type { Bio } from '../include/bio.ts'
import { EFAULT, type Errno } from '../include/errno.ts'
import { can_share } from '../include/fs.ts'
import type { Folio } from '../include/mm_types.ts'
import { FOLL_WRITE, is_zero_folio } from '../include/mm.ts'
import { expect_owned } from '../mm/pgtable.ts'
import { pin_user_pages_fast, unpin_user_page } from '../mm/gup.ts'

/** Pins the page that the device is to write to, or to read. Linux: bio_iov_iter_get_pages(), iov_iter_extract_pages(). */
export function bio_iov_iter_get_pages(bio: Bio, index: number): Errno {
  const folio = iov_iter_extract_pages(bio, index)
  if (folio === null) return -EFAULT
  bio.bi_folio = folio
  return 0
}

export function iov_iter_extract_pages(bio: Bio, index: number): Folio | null {
  return pin_user_pages_fast(bio.bi_vma!, index, bio.bi_op_write ? 0 : FOLL_WRITE)
}

/** Drops the reference of the page. Linux: bio_release_pages(), __bio_release_pages(). */
export function bio_release_pages(bio: Bio): void {
  const folio = bio.bi_folio!
  bio.bi_folio = null
  bio_release_page(folio)
}

/** The page was pinned (BIO_PAGE_PINNED). */
export function bio_release_page(folio: Folio): void {
  unpin_user_page(folio)
}

export function submit_bio(bio: Bio): void {
  bio.bi_submitted = true
}

/** The device takes a submitted bio and writes or reads its page, whoever the block belongs to by then. */
export function device_transfer(bio: Bio): void {
  when(
    () => bio.bi_submitted,
    () => {
      bio.bi_submitted = false
      expect(bio.bi_folio !== null, 'use-after-free', 'the device has the page until the transfer is over')
      expect_transferable(bio.bi_folio!, bio)
    },
  )
}

/** A device that only reads may read a block that the file has left for a copy of its own, as long as another file has it. */
export function expect_transferable(folio: Folio, bio: Bio): void {
  if (can_share() && bio.bi_op_write && !is_zero_folio(folio)) {
    expect(folio.block!.owner !== null, 'use-after-free', 'a page in use is a block that belongs to a file')
  } else expect_owned(folio, bio.bi_vma!)
}
