/**
 * A program asks for a pin that may last for ever (FOLL_LONGTERM) of a page that truncate wants to free.
 *
 * Result: holds.
 *
 * Truncate waits for pins, so such a pin is refused: in 5.10 after the page was pinned, later before (weaker sibling: bug
 * longterm-pin-blocks-truncate). The program does not give it back.
 */
import { expect, scenario } from '../dialect/index.ts'
import { pin_user_pages_longterm, sys_ftruncate, user_touch } from '../kernel/index.ts'
import { no_lock_held, nobody_warned, nothing_mapped, pages_idle } from './properties.ts'
import { file, mapped_file_init, vma } from './setups.ts'

export default scenario({
  id: 'longterm-refused',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(1, 1)
  },
  tasks: {
    rdma: () => {
      user_touch(vma, 0, true)
      const folio = pin_user_pages_longterm(vma, 0)
      expect(folio === null, 'hung-waiter', 'no page of the file is pinned for ever')
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
  },
  finally: { no_lock_held, nobody_warned, pages_idle, nothing_mapped },
  reaches: {
    truncated_while_mapped: () => file.i_mapping!.invalidate_lock.holder !== null && vma.pte[0].pfn !== null,
  },
})
