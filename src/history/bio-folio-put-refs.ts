/**
 * Stable 6.1.y, the backport of 38b43539d64b "block: Fix page refcounts for unaligned buffers in __bio_release_pages()".
 * Direct I/O of 6.1 holds plain references (FOLL_GET). This drops them by the ordinary folio put, which tells nobody
 * when the count falls to 1; v6.1 itself used put_page(), which does.
 */
import { FOLL_WRITE, folio_put_refs, get_user_pages_fast, type Bio, type Folio } from '../kernel/index.ts'
import { change } from './change.ts'

export default change({
  commit: 'bio-folio-put-refs',
  title: 'block: Fix page refcounts for unaligned buffers in __bio_release_pages() (6.1.y)',
  after: {
    iov_iter_extract_pages(bio: Bio, index: number): Folio | null {
      return get_user_pages_fast(bio.bi_vma!, index, bio.bi_op_write ? 0 : FOLL_WRITE)
    },
    bio_release_page(folio: Folio): void {
      folio_put_refs(folio, 1)
    },
  },
})
