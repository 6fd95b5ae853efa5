/**
 * virtiofs: read(2) of one page of a file reclaims the range of its other page by itself, while the worker does the same and
 * another read(2) is about to use that range.
 *
 * Result: holds.
 *
 * Whoever comes second finds the range gone, or in use: it is looked at again under the lock of the tree.
 */
import { at, irq, scenario } from '../dialect/index.ts'
import {
  Block,
  file_init,
  fuse_dax_free_mem_worker,
  FuseDaxMapping,
  Inode,
  machine_init,
  range_init,
  sys_read,
  window_init,
} from '../kernel/index.ts'
import { no_lock_held, nobody_warned, nobody_queued } from './properties.ts'

const file = at(Inode, 0)

export default scenario({
  id: 'dmap-worker-vs-inline',
  group: 'more',
  fs: ['fuse'],
  bounds: { pages: 2, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    window_init()
    file_init(file, 2)
    range_init(file, 0, 0)
  },
  tasks: {
    reader: () => {
      sys_read(file, 1)
    },
    other_reader: () => {
      sys_read(file, 0)
    },
    worker: irq(() => {
      for (;;) fuse_dax_free_mem_worker()
    }),
  },
  finally: { nobody_queued, no_lock_held, nobody_warned },
  reaches: {
    reclaimed: () => at(Block, 0).owner === file && at(FuseDaxMapping, 0).start === 1,
    in_use: () => at(FuseDaxMapping, 0).refcnt.read() > 1,
  },
})
