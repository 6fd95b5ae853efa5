/** How scenarios of a family begin: one file and one program that has it mapped, on a device that may go, or shared with another file. */
import { at } from '../dialect/index.ts'
import {
  blocks_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  removable_init,
  shared_init,
  thread_init,
  Vma,
  vma_init,
} from '../kernel/index.ts'

export const file = at(Inode, 0)
export const mm = at(MmStruct, 0)
export const vma = at(Vma, 0)

export const other_file = at(Inode, 1)
export const other_mm = at(MmStruct, 1)
export const other_vma = at(Vma, 1)

/** A file of `size` pages with a block each. The program of task 0 has mapped `pages` pages of it, and touched none. */
export function mapped_file_init(size: number, pages: number): void {
  machine_init()
  file_init(file, size)
  blocks_init(file, size)
  vma_init(vma, mm, file, pages)
  mapped_init(vma)
  thread_init(0, mm)
}

/** A file of one page on a device that can go away. The file system, if it is XFS, finds the files of a block, and is told. */
export function removable_file_init(): void {
  removable_init(true)
  mapped_file_init(1, 1)
}

/** Two files of one page share their block. Tasks 0 and 1 have one of them mapped each, and touched nothing. */
export function sharing_files_init(): void {
  mapped_file_init(1, 1)
  file_init(other_file, 1)
  shared_init(file, other_file, 0)
  vma_init(other_vma, other_mm, other_file, 1)
  mapped_init(other_vma)
  thread_init(1, other_mm)
}
