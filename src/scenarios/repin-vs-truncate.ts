/**
 * A program pins a page, drops the pin and pins again, without end, while the file is truncated.
 *
 * Result: livelock. Until 6.14 by design: truncate lets faults in while it sleeps, so each time it looks the page can be
 * pinned again; it needs a program that is never late. From 6.15 on it need not look again: a page that was mapped anew
 * has a count of one without a pin, so that dropping the pin wakes nobody (see refault-vs-break).
 */
import { at, irq, scenario, Task, eventually } from '../dialect/index.ts'
import {
  Folio,
  FOLL_WRITE,
  GUP_PIN_COUNTING_BIAS,
  pin_user_pages_fast,
  sys_ftruncate,
  unpin_user_page,
} from '../kernel/index.ts'
import { nobody_warned, no_block_left, no_entry_left } from './properties.ts'
import { file, mapped_file_init, vma } from './setups.ts'

const folio = at(Folio, 0)

export default scenario({
  id: 'repin-vs-truncate',
  group: 'more',
  fs: ['xfs'],
  since: '6.12',
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(1, 1)
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
