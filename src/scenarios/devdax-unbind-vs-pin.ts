/**
 * The driver of a device-dax device is unbound while a transfer to one of its pages is under way.
 *
 * Result: use-after-free since 5.18; up to 5.17 it holds, as for FSDAX.
 */
import { at, irq, scenario } from '../dialect/index.ts'
import {
  Bio,
  bio_init,
  blkdev_bio_end_io_async,
  dev_dax_init,
  dev_dax_mmap_init,
  dev_dax_remove,
  DevDax,
  DevPagemap,
  Folio,
  machine_init,
  MmStruct,
  submitted_init,
  thread_init,
  Vma,
} from '../kernel/index.ts'
import { no_lock_held } from './properties.ts'

const dev_dax = at(DevDax, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const bio = at(Bio, 0)
const folio = at(Folio, 0)

export default scenario({
  id: 'devdax-unbind-vs-pin',
  group: 'more',
  fs: ['xfs'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    dev_dax_init(dev_dax)
    machine_init()
    dev_dax_mmap_init(vma, mm, dev_dax)
    thread_init(0, mm)
    bio_init(bio, vma)
    submitted_init(bio, folio)
  },
  tasks: {
    unbind: () => dev_dax_remove(dev_dax),
    bio_end_io: irq(() => blkdev_bio_end_io_async(bio)),
  },
  finally: {
    no_lock_held,
  },
  reaches: {
    waiting_or_gone: () => at(DevPagemap, 0).ref.percpu_count_ptr !== 0 && bio.bi_folio === folio,
    unbound: () => !at(DevPagemap, 0).registered,
  },
})
