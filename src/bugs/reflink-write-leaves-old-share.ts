/**
 * A write to a shared block moves the file to a copy and leaves the entry, the share count and the mapping of the old block as
 * they are. A program that has the file mapped reads old data, and the next owner of the block finds it shared.
 */
import { all, at, Completion, complete, property, scenario, wait_for_completion } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import { reflink_read_fault, reflink_unlink, ReflinkFile, SharedBlock, xfs_reflink_write } from '../kernel/index.ts'

const file = at(ReflinkFile, 0)
const other_file = at(ReflinkFile, 1)
const shared = at(SharedBlock, 0)
const fresh = at(SharedBlock, 1)
const second_fresh = at(SharedBlock, 2)
const written = at(Completion, 0)

/** Both files have the block, and a program has the first one mapped. */
function setup(): void {
  shared.refcount.set(2)
  shared.data = 1
  file.extent = shared
  other_file.extent = shared
  shared.share.set(1)
  file.entry = shared
  file.pte = shared
}

const finals = {
  no_stale_mapping: property('stale-mapping', 'a program maps the block that its file has', () => {
    return all(ReflinkFile).every((f) => f.pte === null || f.pte === f.extent)
  }),
  no_share_left: property('leak', 'a block that no file has is in no entry', () => {
    return all(SharedBlock).every((block) => block.refcount.read() !== 0 || block.share.read() === 0)
  }),
}

export const write_vs_unlink = scenario({
  id: 'reflink-write-vs-unlink',
  bounds: {},
  setup,
  tasks: {
    writer: () => xfs_reflink_write(file, fresh, 2),
    rm: () => reflink_unlink(other_file),
  },
  finally: finals,
})

export const two_writes = scenario({
  id: 'reflink-writes-to-both-files',
  bounds: {},
  setup,
  tasks: {
    writer: () => {
      xfs_reflink_write(file, fresh, 2)
      complete(written)
    },
    other_writer: () => {
      xfs_reflink_write(other_file, second_fresh, 3)
      wait_for_completion(written)
      reflink_read_fault(file)
    },
    other_reader: () => reflink_read_fault(other_file),
  },
  finally: finals,
})

export default bug({
  slug: 'reflink-write-leaves-old-share',
  title: 'fsdax: invalidate pages when CoW',
  fix: 'f80e1668888f',
  releases: '6.0 and 6.1',
  class: 'stale-mapping',
  after: {
    dax_invalidate_after_cow(_file: ReflinkFile): void {},
  },
  shows: { scenario: write_vs_unlink },
  larger: { scenario: two_writes },
})
