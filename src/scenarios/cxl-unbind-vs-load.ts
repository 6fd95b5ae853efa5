/**
 * A program loads from a CXL region that the administrator takes down.
 *
 * Result: holds: first its driver is unbound, then the decoders are reset.
 *
 * The weaker sibling of cxl-yank-vs-load. Device DAX stands for whatever has the region.
 */
import { at, init, scenario } from '../dialect/index.ts'
import {
  cxl_region_remove,
  CxlRegion,
  dev_dax_init,
  dev_dax_mmap_init,
  DevDax,
  DevPagemap,
  machine_init,
  MmStruct,
  thread_init,
  user_touch,
  Vma,
} from '../kernel/index.ts'
import { no_lock_held } from './properties.ts'

const dev_dax = at(DevDax, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

const region = at(CxlRegion, 0)

export default scenario({
  id: 'cxl-unbind-vs-load',
  group: 'more',
  fs: ['xfs'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    dev_dax_init(dev_dax)
    machine_init()
    dev_dax_mmap_init(vma, mm, dev_dax)
    thread_init(0, mm)
    init(region, { dev_dax })
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, false)
    },
    unbind: () => cxl_region_remove(region),
  },
  finally: {
    no_lock_held,
  },
  reaches: {
    mapped: () => vma.pte[0].pfn !== null,
    reset: () => !at(DevPagemap, 0).decoded,
  },
})
