/**
 * A program stores to its private mapping of a file while a hole is punched into the file.
 *
 * Result: holds.
 *
 * The store copies the page that was mapped for reading, without the fault lock; the hole punch frees the block of that page.
 * The copy is the program's own: it stays, and the program goes on reading what it has stored (weaker sibling: bug
 * break-layout-zaps-private-copies).
 */
import { at, expect, indivisible, scenario } from '../dialect/index.ts'
import {
  blocks_init,
  copies_init,
  file_init,
  Folio,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  private_init,
  sys_munmap,
  sys_punch_hole,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { copies_free, no_lock_held, nobody_warned, nothing_mapped, pages_idle } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

export default scenario({
  id: 'private-cow-vs-punch',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    copies_init(1)
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    private_init(vma)
    mapped_init(vma)
    thread_init(0, mm)
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, false)
      user_touch(vma, 0, true)
      user_touch(vma, 0, false)
      indivisible(() =>
        expect(
          vma.pte[0].pfn !== null && vma.pte[0].pfn.anon,
          'data-corruption',
          'a program reads what it has stored to its private mapping',
        ),
      )
      sys_munmap(vma)
    },
    fallocate: () => {
      sys_punch_hole(file, 0, 1)
    },
  },
  finally: { no_lock_held, nobody_warned, pages_idle, nothing_mapped, copies_free },
  reaches: {
    copied_while_punched: () =>
      vma.pte[0].pfn !== null && vma.pte[0].pfn.anon && file.i_mapping!.invalidate_lock.holder !== null,
    busy_by_copy_alone: () => at(Folio, 0)._refcount.read() > at(Folio, 0)._mapcount.read(),
  },
})
