/**
 * The driver of an fsdev device is unbound while a transfer to a page of a file on it is under way.
 *
 * Result: use-after-free: the page forgets its file, and nobody waits. A file system that does not want to be told, as ext4 does not,
 * stands for what uses such devices.
 */
import { at, init, irq, scenario } from '../dialect/index.ts'
import {
  AddressSpace,
  Bio,
  bio_init,
  blkdev_bio_end_io_async,
  blocks_init,
  DaxDevice,
  DevDax,
  DevPagemap,
  file_init,
  Folio,
  fsdev_dax_remove,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  removable_init,
  stored_init,
  submitted_init,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const bio = at(Bio, 0)
const folio = at(Folio, 0)
const dev_dax = at(DevDax, 0)
const pgmap = at(DevPagemap, 0)

export default scenario({
  id: 'fsdev-remove-vs-pin',
  group: 'more',
  fs: ['ext4'],
  since: '7.2',
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    removable_init(false)
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    init(dev_dax, { pgmap, dax_dev: at(DaxDevice, 0), i_mapping: at(AddressSpace, 1) })
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    stored_init(vma, 0)
    bio_init(bio, vma)
    submitted_init(bio, folio)
  },
  tasks: {
    unbind: () => fsdev_dax_remove(dev_dax),
    bio_end_io: irq(() => blkdev_bio_end_io_async(bio)),
  },
  finally: {
    no_lock_held,
  },
  reaches: {
    forgotten: () => folio.mapping === null && bio.bi_folio === folio,
    unbound: () => !pgmap.registered,
  },
})
