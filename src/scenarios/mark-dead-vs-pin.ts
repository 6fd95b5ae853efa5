/**
 * A pipe holds a page of a file that nobody has open, and is drained when the driver of the device is unbound.
 *
 * Result: hung-waiter for ext4 since 6.15, by design: the inode that nobody has open ends first, and waits for its pages. Up to
 * 5.17 the page map waits for them, so everybody hangs. Otherwise use-after-free, when the pipe puts the page.
 */
import { at, Completion, complete, scenario, wait_for_completion } from '../dialect/index.ts'
import {
  blocks_init,
  DaxDevice,
  entry_init,
  file_init,
  Folio,
  Inode,
  machine_init,
  MmStruct,
  put_page,
  removable_init,
  unbind,
  used_init,
  Vma,
  vma_init,
} from '../kernel/index.ts'

const file = at(Inode, 0)
const folio = at(Folio, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

const unbound = at(Completion, 0)

export default scenario({
  id: 'mark-dead-vs-pin',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    removable_init(true)
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    entry_init(vma, 0)
    used_init(folio)
  },
  tasks: {
    unbind: () => {
      unbind()
      complete(unbound)
    },
    pipe: () => {
      wait_for_completion(unbound)
      put_page(folio)
    },
  },
  reaches: {
    dying: () => !at(DaxDevice, 0).alive,
  },
})
