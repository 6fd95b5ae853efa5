/**
 * The unbind of a device ends the core's count and leaves the pointer to it. The next bind takes it for a count that the
 * driver brings, misses the functions that end it, and is refused.
 */
import { array, at, bool, init, property, scenario, Struct } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import { dev_pagemap_cleanup, memremap_pages_ref, PagemapRef, RefPagemap } from '../kernel/index.ts'

/** What the administrator sees. */
class Device extends Struct<'device'> {
  /** By attempt: the bind was refused. */
  refused = array(3, () => bool())
  /** A driver was bound that can end a count and brings none. */
  misused = bool()
}

const device = at(Device, 0)
const pgmap = at(RefPagemap, 0)
const pgmap_without_count = at(RefPagemap, 1)
const never_refused = property('assertion', 'a device that was unbound can be bound again', () =>
  device.refused.every((refused) => !refused),
)

const count_is_whose_ends_it = property('assertion', 'a driver that can end a count brings one', () => !device.misused)

function bind_and_unbind(attempt: number): void {
  const error = memremap_pages_ref(pgmap)
  device.refused[attempt] = error !== 0
  if (error === 0) dev_pagemap_cleanup(pgmap)
}

export const bind_twice = scenario({
  id: 'bind-unbind-bind',
  bounds: {},
  setup() {
    init(pgmap, { internal_ref: at(PagemapRef, 0) })
  },
  tasks: {
    administrator: () => {
      bind_and_unbind(0)
      bind_and_unbind(1)
    },
  },
  finally: { never_refused },
})

export const bind_thrice = scenario({
  id: 'bind-three-times',
  bounds: {},
  setup() {
    init(pgmap, { internal_ref: at(PagemapRef, 0) })
    init(pgmap_without_count, { internal_ref: at(PagemapRef, 1), has_kill_and_cleanup: true })
  },
  tasks: {
    administrator: () => {
      bind_and_unbind(0)
      bind_and_unbind(1)
      bind_and_unbind(2)
      device.misused = memremap_pages_ref(pgmap_without_count) === 0
    },
  },
  finally: { never_refused, count_is_whose_ends_it },
})

export default bug({
  slug: 'pgmap-ref-not-torn-down',
  title: 'mm/memremap: Fix reuse of pgmap instances with internal references',
  fix: '06282373ff57',
  introduced: '24917f6b1041',
  releases: '5.3 candidates only',
  class: 'assertion',
  after: {
    dev_pagemap_cleanup(map: RefPagemap): void {
      const count = map.ref!
      count.count.dec()
      count.live = false
    },
  },
  shows: { scenario: bind_twice },
  larger: { scenario: bind_thrice },
})
