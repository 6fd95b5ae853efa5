/**
 * read(2) of a page while the file is truncated.
 *
 * Result: holds.
 *
 * The read takes no fault lock and no reference of the page: i_rwsem keeps the block with the file while bytes are copied.
 */
import { at, scenario } from '../dialect/index.ts'
import { blocks_init, file_init, Inode, machine_init, sys_ftruncate, sys_read } from '../kernel/index.ts'
import { no_block_left, no_lock_held, nobody_warned, pages_idle } from './properties.ts'

const file = at(Inode, 0)

export default scenario({
  id: 'read-vs-truncate',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
  },
  tasks: {
    reader: () => {
      sys_read(file, 0)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
  },
  finally: { no_lock_held, nobody_warned, no_block_left, pages_idle },
  reaches: {
    read_first: () => file.i_rwsem.sharers === 1 && file.extent[0] !== null,
  },
})
