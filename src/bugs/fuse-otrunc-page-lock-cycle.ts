/**
 * An open with O_TRUNC keeps requests back and waits for a page lock. Another open holds that lock and waits for the
 * writeback of the page, which is such a request.
 */
import { at, irq, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  fuse_truncate_page,
  fuse_flush_writepages,
  fuse_open_invalidate,
  fuse_open_trunc,
  fuse_release_nowrite,
  fuse_set_nowrite,
  FuseFile,
} from '../kernel/index.ts'

const file = at(FuseFile, 0)

/** A dirty page whose write request is queued. */
function setup(): void {
  file.cached = true
  file.writeback = true
}

export const two_opens = scenario({
  id: 'open-trunc-vs-open',
  bounds: {},
  setup,
  tasks: {
    open_trunc: () => fuse_open_trunc(file),
    open: () => fuse_open_invalidate(file),
    flusher: irq(() => fuse_flush_writepages(file)),
  },
  reaches: { written_back: () => !file.writeback },
})

export const three_opens = scenario({
  id: 'open-trunc-vs-two-opens',
  bounds: {},
  setup,
  tasks: {
    open_trunc: () => fuse_open_trunc(file),
    open: () => fuse_open_invalidate(file),
    other_open: () => fuse_open_invalidate(file),
    flusher: irq(() => fuse_flush_writepages(file)),
  },
})

export default bug({
  slug: 'fuse-otrunc-page-lock-cycle',
  title: 'fuse: fix deadlock between atomic O_TRUNC and page invalidation',
  fix: '2fdbb8dd0155',
  introduced: 'e4648309b85a',
  releases: 'to 5.19',
  class: 'deadlock',
  after: {
    fuse_open_trunc(opened: FuseFile): void {
      fuse_set_nowrite(opened)
      fuse_truncate_page(opened)
      fuse_release_nowrite(opened)
    },
  },
  shows: { scenario: two_opens },
  larger: { scenario: three_opens },
})
