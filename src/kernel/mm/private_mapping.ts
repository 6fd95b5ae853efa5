/**
 * A private mapping of a DAX file: a page that the program has stored to is a copy of its own. Linux 7.3 mm/memory.c.
 * One page of the file, one of the mapping. Left out: counts, TLBs, the block.
 */
import { bool, embedded, indivisible, oneOf, spin_lock, spin_unlock, Spinlock, Struct } from '../../dialect/index.ts'

export const PRIVATE_NONE: number = 0
/** The page of the file, for reading. */
export const PRIVATE_FILE: number = 1
/** The program's own copy. */
export const PRIVATE_COPY: number = 2

export class PrivateVma extends Struct<'private_vma'> {
  pte = oneOf({ PRIVATE_NONE, PRIVATE_FILE, PRIVATE_COPY })
  ptl = embedded(() => Spinlock)
  /** The copy holds what the program has stored. */
  copy_data = bool()
}

/** A store. The fault copies the page of the file. */
export function private_store(vma: PrivateVma): void {
  spin_lock(vma.ptl)
  if (vma.pte !== PRIVATE_COPY) vma.pte = PRIVATE_COPY
  vma.copy_data = true
  spin_unlock(vma.ptl)
}

/** A load: does it see what the program has stored? The fault maps the page of the file. */
export function private_load(vma: PrivateVma): boolean {
  spin_lock(vma.ptl)
  if (vma.pte === PRIVATE_NONE) vma.pte = PRIVATE_FILE
  const data = vma.pte === PRIVATE_COPY && vma.copy_data
  spin_unlock(vma.ptl)
  return data
}

/** Breaking layouts unmaps the pages of the file. Copies are none of its business. Linux: dax_layout_busy_page_range(). */
export function dax_layout_unmap_private(vma: PrivateVma): void {
  unmap_private_mapping(vma, false)
}

/** `even_cows`: private copies too, as when the file gets shorter. Linux: unmap_mapping_pages(). */
export function unmap_private_mapping(vma: PrivateVma, even_cows: boolean): void {
  spin_lock(vma.ptl)
  zap_private_pte(vma, even_cows)
  spin_unlock(vma.ptl)
}

export function zap_private_pte(vma: PrivateVma, even_cows: boolean): void {
  indivisible(() => {
    if (vma.pte === PRIVATE_FILE || even_cows) {
      vma.pte = PRIVATE_NONE
      vma.copy_data = false
    }
  })
}
