/**
 * Memory of a device fails while the file system on it is unmounted.
 *
 * Result: null-dereference.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  Folio,
  machine_init,
  memory_failure_dev_pagemap,
  removable_init,
  SuperBlock,
  xfs_fs_put_super,
} from '../kernel/index.ts'

const folio = at(Folio, 0)
const sb = at(SuperBlock, 0)

export default scenario({
  id: 'notify-vs-umount',
  group: 'more',
  fs: ['xfs'],
  since: '6.0',
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    removable_init(true)
    machine_init()
  },
  tasks: {
    error: () => {
      memory_failure_dev_pagemap(folio, 0)
    },
    umount: () => xfs_fs_put_super(sb),
  },
  reaches: {
    gone: () => sb.freed,
  },
})
