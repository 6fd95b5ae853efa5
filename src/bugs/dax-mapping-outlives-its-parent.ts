/**
 * A mapping object holds its device only while it is registered. Its release, which may run much later, gives its number
 * back to a pool inside the device, which is freed by then.
 */
import { at, init, irq, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  DaxMapping,
  DevDax,
  devm_register_dax_mapping,
  device_add,
  ida_alloc,
  ida_free,
  kobject_delayed_cleanup,
  put_device,
  unregister_dax_mapping,
  unregister_dev_dax,
} from '../kernel/index.ts'

const dev_dax = at(DevDax, 0)
const mapping = at(DaxMapping, 0)
const other_mapping = at(DaxMapping, 1)

export const removal_vs_release = scenario({
  id: 'dax-device-removal-vs-release',
  bounds: {},
  setup() {
    dev_dax.kref.set(1)
    init(mapping, { parent: dev_dax })
    devm_register_dax_mapping(mapping)
  },
  tasks: {
    remove: () => unregister_dev_dax(mapping),
    worker: irq(() => kobject_delayed_cleanup(mapping)),
  },
})

export const removal_vs_two_releases = scenario({
  id: 'dax-device-removal-vs-two-releases',
  bounds: {},
  setup() {
    dev_dax.kref.set(1)
    init(mapping, { parent: dev_dax })
    init(other_mapping, { parent: dev_dax, id: 1 })
    devm_register_dax_mapping(mapping)
    devm_register_dax_mapping(other_mapping)
  },
  tasks: {
    remove: () => {
      unregister_dax_mapping(mapping)
      unregister_dax_mapping(other_mapping)
      put_device(dev_dax)
    },
    worker: irq(() => kobject_delayed_cleanup(mapping)),
    other_worker: irq(() => kobject_delayed_cleanup(other_mapping)),
  },
})

export default bug({
  slug: 'dax-mapping-outlives-its-parent',
  title: 'dax: Fix dax_mapping_release() use after free',
  fix: '6d24b170a9db',
  introduced: '0b07ce872a9e',
  releases: '5.10 to 6.4',
  class: 'use-after-free',
  after: {
    devm_register_dax_mapping(child: DaxMapping): void {
      ida_alloc(child.parent!, child.id)
      child.kref.set(1)
      device_add(child)
    },
    dax_mapping_release(child: DaxMapping): void {
      ida_free(child.parent!, child.id)
    },
  },
  shows: { scenario: removal_vs_release },
  larger: { scenario: removal_vs_two_releases },
})
