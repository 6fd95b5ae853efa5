/**
 * Direct I/O to a buffer that need not begin where a page begins. Linux 7.3 block/bio.c, include/linux/bvec.h.
 * The unit of offset and length is half a page. Two pages at most.
 */
import { array, ref, Struct, uint } from '../../dialect/index.ts'
import { EFAULT, type Errno } from '../include/errno.ts'
import { Folio, type Vma } from '../include/mm_types.ts'
import { FOLL_WRITE } from '../include/mm.ts'
import { pin_user_pages_fast, unpin_user_page } from '../mm/gup.ts'

export class BioVec extends Struct<'bio_vec'> {
  /** Of the buffer in its first page. */
  bv_offset = uint(1)
  bv_len = uint(2)
  pages = array(2, () => ref(() => Folio))
}

/** Pages that the buffer touches: from the page boundary below its start to the one above its end. */
export function bvec_nr_pages(offset: number, length: number): number {
  return (offset + length + 1) >> 1
}

/** Pins every page that the buffer touches. */
export function iov_iter_extract_bvec_pages(bvec: BioVec, vma: Vma): Errno {
  const nr = bvec_nr_pages(bvec.bv_offset, bvec.bv_len)
  for (let n = 0; n < 2; n++) {
    if (n < nr) {
      const folio = pin_user_pages_fast(vma, n, FOLL_WRITE)
      if (folio === null) return -EFAULT
      bvec.pages[n] = folio
    }
  }
  return 0
}

/** The transfer is over. */
export function __bio_release_pages(bvec: BioVec): void {
  const nr = bio_release_nr_pages(bvec.bv_offset, bvec.bv_len)
  for (let n = 0; n < 2; n++) {
    if (n < nr) unpin_bvec_page(bvec.pages[n]!)
  }
}

export function unpin_bvec_page(folio: Folio): void {
  unpin_user_page(folio)
}

/** As many as were pinned. */
export function bio_release_nr_pages(offset: number, length: number): number {
  return bvec_nr_pages(offset, length)
}

/** read(2) with O_DIRECT, from submission to completion. */
export function sys_direct_io_unaligned(bvec: BioVec, vma: Vma): Errno {
  const error = iov_iter_extract_bvec_pages(bvec, vma)
  if (error === 0) __bio_release_pages(bvec)
  return error
}
