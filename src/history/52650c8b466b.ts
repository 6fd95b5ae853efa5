/**
 * "mm/gup: remove the vma allocation from gup_longterm_locked()", v5.11.
 * Before it the page was pinned first, and given back when it turned out to be of a file on FSDAX.
 */
import { down_read, up_read } from '../dialect/index.ts'
import { __get_user_pages, FOLL_LONGTERM, gup_put_folio, vma_is_fsdax, type Folio, type Vma } from '../kernel/index.ts'
import { change } from './change.ts'

/** Called with `mmap_lock` held for reading. Null: -EOPNOTSUPP. Linux v5.10: check_dax_vmas(), in __gup_longterm_locked(). */
export function check_dax_vmas(vma: Vma, folio: Folio | null, gup_flags: number): Folio | null {
  if (folio === null || (gup_flags & FOLL_LONGTERM) === 0 || !vma_is_fsdax(vma)) return folio
  gup_put_folio(folio, 1, gup_flags)
  return null
}

export default change({
  commit: '52650c8b466b',
  title: 'mm/gup: remove the vma allocation from gup_longterm_locked()',
  since: '5.11',
  before: {
    check_vma_flags(_vma: Vma, _gup_flags: number): boolean {
      return true
    },
    __gup_longterm_locked(vma: Vma, index: number, gup_flags: number): Folio | null {
      down_read(vma.vm_mm!.mmap_lock)
      const folio = check_dax_vmas(vma, __get_user_pages(vma, index, gup_flags), gup_flags)
      up_read(vma.vm_mm!.mmap_lock)
      return folio
    },
  },
})
