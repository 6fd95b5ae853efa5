/**
 * virtiofs asks to break layouts from 0 to 0 and means the whole file. Only the first page is unmapped and waited for.
 *
 * So the server is told to truncate while a later page is mapped and under I/O.
 */
import { bug } from '../history/index.ts'

export default bug({
  slug: 'fuse-truncate-breaks-nothing',
  title: 'fuse: fix dax truncate/punch_hole fault path',
  fix: '7851bf649d42',
  introduced: '6ae330cad6ef',
  releases: '5.10 to 6.14',
  class: 'stale-mapping',
  undo: ['7851bf649d42'],
  shows: { scenario: 'fuse-truncate', fs: 'fuse' },
  larger: { scenario: 'two-pages-vs-truncate', fs: 'fuse' },
})
