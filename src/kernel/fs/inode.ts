/** Inodes. Linux 7.3 fs/inode.c. */
import { bound } from '../../dialect/index.ts'

/** As many pages as a file of this model can have: "to the end of the file", whatever its size. */
export function file_pages(): number {
  return bound('pages')
}
