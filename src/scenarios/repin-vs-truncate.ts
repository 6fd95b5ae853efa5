/**
 * A program pins a page, drops the pin and pins again, without end, while the file is truncated.
 *
 * Result: livelock. Until 6.14 by design: truncate lets faults in while it sleeps, so each time it looks the page can be
 * pinned again; it needs a program that is never late. From 6.15 on it need not look again: a page that was mapped anew
 * has a count of one without a pin, so that dropping the pin wakes nobody (see refault-vs-break).
 */
import { at, irq, scenario, Task, eventually } from '../dialect/index.ts'
import {
  blocks_init,
  file_init,
  Folio,
  FOLL_WRITE,
  GUP_PIN_COUNTING_BIAS,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  pin_user_pages_fast,
  sys_ftruncate,
  thread_init,
  unpin_user_page,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { nobody_warned, no_block_left, no_entry_left } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const folio = at(Folio, 0)

export default scenario({
  id: 'repin-vs-truncate',
  group: 'more',
  fs: ['xfs'],
  since: '6.12',
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    thread_init(0, mm)
  },
  tasks: {
    program: irq(() => {
      for (;;) {
        const pinned = pin_user_pages_fast(vma, 0, FOLL_WRITE)
        if (pinned !== null) unpin_user_page(pinned)
      }
    }),
    truncate: () => {
      sys_ftruncate(file, 0)
    },
  },
  finally: { nobody_warned, no_entry_left, no_block_left },
  eventually: {
    truncate_ends: eventually('every truncate ends if every pin is eventually dropped', {
      once: () => file.i_rwsem.holder === at(Task, 1),
      then: () => file.i_rwsem.holder === null,
      provided: { pins_are_dropped: () => folio._refcount.read() < GUP_PIN_COUNTING_BIAS },
    }),
  },
})
