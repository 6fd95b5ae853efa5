/**
 * The driver of a device is unbound while a transfer to one of its pages is under way.
 *
 * Result: use-after-free since 5.18: nobody waits for the page. Up to 5.17 it holds: each page held the page map.
 *
 * That file systems are told (6.0, XFS with a reverse map) unmaps the page and changes nothing for the transfer. Direct I/O stands
 * for whoever has pinned the page.
 */
import { at, irq, scenario } from '../dialect/index.ts'
import {
  Bio,
  bio_init,
  blkdev_bio_end_io_async,
  blocks_init,
  DevPagemap,
  file_init,
  Folio,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  removable_init,
  stored_init,
  submitted_init,
  unbind,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const bio = at(Bio, 0)
const folio = at(Folio, 0)
const pgmap = at(DevPagemap, 0)

export default scenario({
  id: 'unbind-vs-pin',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    removable_init(true)
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    stored_init(vma, 0)
    bio_init(bio, vma)
    submitted_init(bio, folio)
  },
  tasks: {
    unbind: () => unbind(),
    bio_end_io: irq(() => blkdev_bio_end_io_async(bio)),
  },
  finally: {
    no_lock_held,
  },
  reaches: {
    waiting_or_gone: () => pgmap.ref.percpu_count_ptr !== 0 && bio.bi_folio === folio,
    unbound: () => !pgmap.registered,
  },
})
