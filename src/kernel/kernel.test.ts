import { describe, expect, test } from 'vitest'
import { as_task, at, plain_run, WouldBlock } from '../dialect/index.ts'
import {
  Bio,
  Block,
  bio_init,
  blocks_init,
  dax_page_is_idle,
  DAX_ABSENT,
  DAX_REAL,
  DAX_ZERO_PAGE,
  file_init,
  Folio,
  folio_mapcount,
  folio_ref_count,
  FOLL_WRITE,
  get_user_pages_fast_only,
  GUP_PIN_COUNTING_BIAS,
  Inode,
  machine_init,
  MmStruct,
  open_init,
  pin_user_pages_fast,
  process_vm_readv,
  put_page,
  submit_bio_wait_endio,
  sys_close,
  sys_direct_io,
  sys_fsync,
  sys_ftruncate,
  sys_io_submit,
  sys_mmap,
  sys_munmap,
  sys_open,
  sys_punch_hole,
  sys_read_pipe,
  sys_unlink,
  sys_vmsplice,
  sys_write,
  sys_append,
  sys_append_efault,
  sys_collapse_range,
  sys_ftruncate_inside,
  sys_insert_range,
  sys_zero_range,
  EFAULT,
  EOPNOTSUPP,
  FUSE,
  XFS,
  thread_init,
  unpin_user_page,
  user_touch,
  Vma,
  vma_init,
  ZERO_PAGE,
} from './index.ts'

/** One file of two pages, mapped by one process of task 0; task 1 is somebody else. `blocks` of its pages have a block. */
function desk(fs: number, blocks = 2) {
  plain_run({ bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 1, unwritten: 1, fs }, tasks: 2 })
  const [file, mm, vma, bio] = [at(Inode, 0), at(MmStruct, 0), at(Vma, 0), at(Bio, 0)]
  machine_init()
  file_init(file, 2)
  blocks_init(file, blocks)
  vma_init(vma, mm, file, 2)
  bio_init(bio, vma)
  thread_init(0, mm)
  sys_mmap(vma)
  return { file, mm, vma, bio, entry: file.i_mapping!.i_pages[1], folio: at(Folio, 1), block: at(Block, 1) }
}

describe.each([
  ['xfs', 0],
  ['ext4', 1],
  ['fuse', 2],
])('%s', (_name, fs) => {
  test('a store maps the page and counts the mapping; munmap drops it', () => {
    const { vma, folio, entry } = desk(fs)
    expect(user_touch(vma, 1, true)).toBe(true)
    expect([folio_ref_count(folio), folio_mapcount(folio)]).toEqual([1, 1])
    expect([entry.kind, entry.pfn, entry.dirty, entry.locked]).toEqual([DAX_REAL, folio, true, false])
    sys_munmap(vma)
    expect([folio_ref_count(folio), folio_mapcount(folio)]).toEqual([0, 0])
    expect(user_touch(vma, 1, false)).toBe(false)
  })

  test('a pin adds the bias, and outlives the mapping', () => {
    const { vma, folio } = desk(fs)
    expect(pin_user_pages_fast(vma, 1, FOLL_WRITE)).toBe(folio)
    expect(folio_ref_count(folio)).toBe(1 + GUP_PIN_COUNTING_BIAS)
    sys_munmap(vma)
    expect(folio_ref_count(folio)).toBe(GUP_PIN_COUNTING_BIAS)
    unpin_user_page(folio)
    expect(dax_page_is_idle(folio)).toBe(true)
  })

  test('fast GUP takes only what is mapped, and writable if it is to be', () => {
    const { vma, folio } = desk(fs)
    expect(get_user_pages_fast_only(vma, 1, 0)).toBe(null)
    user_touch(vma, 1, false)
    expect(get_user_pages_fast_only(vma, 1, FOLL_WRITE)).toBe(null)
    expect(get_user_pages_fast_only(vma, 1, 0)).toBe(folio)
    expect(folio_ref_count(folio)).toBe(2)
    put_page(folio)
  })

  test('hole punch unmaps, removes the entry and frees the block', () => {
    const { file, vma, folio, entry, block } = desk(fs)
    user_touch(vma, 1, true)
    expect(sys_punch_hole(file, 1, 2)).toBe(0)
    expect([folio_ref_count(folio), folio.mapping, entry.kind, block.owner, file.extent[1]]).toEqual([
      0,
      null,
      DAX_ABSENT,
      null,
      null,
    ])
    expect(file.extent[0]).toBe(at(Block, 0))
  })

  test('hole punch waits for a pin; the task is queued under the page', () => {
    const { file, vma, folio } = desk(fs)
    pin_user_pages_fast(vma, 1, FOLL_WRITE)
    expect(() => as_task(1, () => sys_punch_hole(file, 1, 2))).toThrow(WouldBlock)
    expect(at(Block, 1).owner).toBe(file)
    expect(file.i_mapping!.invalidate_lock.holder).toBe(null)
    expect(folio_mapcount(folio)).toBe(0)
  })

  test('truncate: beyond the end is SIGBUS', () => {
    const { file, vma, block } = desk(fs)
    user_touch(vma, 1, true)
    expect(sys_ftruncate(file, 1)).toBe(0)
    expect([file.i_size, block.owner, file.extent[0]]).toEqual([1, null, at(Block, 0)])
    expect(user_touch(vma, 1, false)).toBe(false)
    expect(user_touch(vma, 0, true)).toBe(true)
  })

  test('the last reference of a file without a name frees its blocks', () => {
    const { file, vma, block } = desk(fs)
    open_init(file)
    user_touch(vma, 1, true)
    sys_unlink(file)
    sys_close(file)
    expect(block.owner).toBe(file)
    sys_munmap(vma)
    expect(block.owner).toBe(null)
  })

  test('it waits for a pin first', () => {
    const { file, vma, block } = desk(fs)
    pin_user_pages_fast(vma, 1, FOLL_WRITE)
    sys_unlink(file)
    expect(() => sys_munmap(vma)).toThrow(WouldBlock)
    expect(block.owner).toBe(file)
  })

  test('a load from a hole sees the zero page until a store fills it', () => {
    const { file, vma, folio, entry } = desk(fs, 1)
    expect(user_touch(vma, 1, false)).toBe(true)
    expect([vma.pte[1].pfn, entry.kind, folio_ref_count(ZERO_PAGE())]).toEqual([ZERO_PAGE(), DAX_ZERO_PAGE, 1])
    expect(user_touch(vma, 1, true)).toBe(true)
    expect([vma.pte[1].pfn, entry.kind, file.extent[1]]).toEqual([folio, DAX_REAL, at(Block, 1)])
  })

  test('write(2) into a hole takes the zero page out', () => {
    const { file, vma, entry } = desk(fs, 1)
    user_touch(vma, 1, false)
    expect(sys_write(file, 1)).toBe(0)
    expect([vma.pte[1].pfn, entry.kind]).toEqual([null, DAX_ABSENT])
  })

  test('a page that is zeroed has a block, reads as zeroes, and has the block again when it is stored to', () => {
    const { file, vma, folio, entry } = desk(fs)
    user_touch(vma, 1, true)
    expect(sys_zero_range(file, 1, 2)).toBe(0)
    expect([vma.pte[1].pfn, entry.kind, file.extent[1], file.unwritten[1]]).toEqual([
      null,
      DAX_ABSENT,
      at(Block, 1),
      true,
    ])
    user_touch(vma, 1, false)
    expect([vma.pte[1].pfn, entry.kind]).toEqual([ZERO_PAGE(), DAX_ZERO_PAGE])
    user_touch(vma, 1, true)
    expect([vma.pte[1].pfn, entry.kind, file.unwritten[1]]).toEqual([folio, DAX_REAL, false])
  })

  test('a range is cut out of a file, where that is offered', () => {
    const { file, vma } = desk(fs)
    user_touch(vma, 1, true)
    if (fs === FUSE) {
      expect(sys_collapse_range(file, 0, 1)).toBe(-EOPNOTSUPP)
      return
    }
    expect(sys_collapse_range(file, 0, 1)).toBe(0)
    expect([file.extent[0], file.extent[1], file.i_size]).toEqual([at(Block, 1), null, 1])
    expect([at(Block, 0).owner, vma.pte[1].pfn, user_touch(vma, 1, false)]).toEqual([null, null, false])
  })

  test('a hole is put into a file, where that is offered', () => {
    const { file, vma } = desk(fs)
    sys_ftruncate(file, 1)
    user_touch(vma, 0, true)
    if (fs === FUSE) {
      expect(sys_insert_range(file, 0, 1)).toBe(-EOPNOTSUPP)
      return
    }
    expect(sys_insert_range(file, 0, 1)).toBe(0)
    expect([file.extent[0], file.extent[1], file.i_size, vma.pte[0].pfn]).toEqual([null, at(Block, 0), 2, null])
  })

  test('a write behind the end makes the file longer; one without bytes does not', () => {
    const { file } = desk(fs)
    sys_ftruncate(file, 1)
    expect(sys_append_efault(file, 1)).toBe(-EFAULT)
    expect([file.i_size, file.extent[1]]).toEqual([1, fs === XFS ? at(Block, 1) : null])
    expect(sys_append(file, 1)).toBe(0)
    expect([file.i_size, file.extent[1]]).toEqual([2, at(Block, 1)])
  })

  test('a file that is cut inside a page keeps it, unmapped, and waits for who uses it', () => {
    const { file, vma, block } = desk(fs)
    user_touch(vma, 1, true)
    expect(sys_ftruncate_inside(file, 2)).toBe(0)
    expect([file.i_size, file.extent[1], vma.pte[1].pfn]).toEqual([2, block, null])
    pin_user_pages_fast(vma, 1, FOLL_WRITE)
    expect(() => sys_ftruncate_inside(file, 2)).toThrow(WouldBlock)
  })

  test('fsync makes the page clean: the next store faults', () => {
    const { file, vma, entry } = desk(fs)
    user_touch(vma, 1, true)
    sys_fsync(file)
    expect([entry.dirty, entry.towrite, entry.locked, vma.pte[1].write]).toEqual([false, false, false, false])
    user_touch(vma, 1, true)
    expect([entry.dirty, vma.pte[1].write]).toEqual([true, true])
  })

  test('vmsplice and process_vm_readv let go of the page', () => {
    const { vma, folio } = desk(fs)
    const page = sys_vmsplice(vma, 1)
    expect(folio_ref_count(folio)).toBe(2)
    sys_read_pipe(vma, page!)
    expect(process_vm_readv(vma, 1)).toBe(true)
    expect(folio_ref_count(folio)).toBe(1)
  })

  test('direct I/O waits for the device, then releases the page', () => {
    const { bio, folio } = desk(fs)
    expect(sys_io_submit(bio, 1)).toBe(0)
    as_task(1, () => submit_bio_wait_endio(bio))
    expect(folio_ref_count(folio)).toBe(1 + GUP_PIN_COUNTING_BIAS)
    expect(sys_direct_io(bio, 1)).toBe(0)
  })
})

test('an open of a virtiofs file removes clean entries, even of pages in use', () => {
  const { file, vma, folio, entry } = desk(2)
  pin_user_pages_fast(vma, 1, 0)
  sys_open(file)
  expect([entry.kind, folio_ref_count(folio)]).toEqual([DAX_ABSENT, GUP_PIN_COUNTING_BIAS])
})
