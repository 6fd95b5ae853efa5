import { expect, test } from 'vitest'
import { pinwake } from '../../../../test/systems/pinwake.ts'
import { layoutOf } from '../../../model/layout.ts'
import type { TransitionSystem } from '../../../model/system.ts'
import { searchMap } from './program.ts'

const placesIn = (system: TransitionSystem): readonly number[] =>
  searchMap(system, layoutOf(system), { keeping: 'whole', shards: 4 }).placesIn

test('the memory of a state is named by the locations of its tasks', () => {
  const system = pinwake({ pages: 2, users: 3, loops: 2 })
  const bits = layoutOf(system).tasks.reduce((sum, { pc }) => sum + pc.width, 0)
  const named = placesIn(system).map((mask) => (mask >>> 0).toString(2).replaceAll('0', ''))
  expect(named.join('')).toHaveLength(bits)
})

test('where tasks have few locations, by the whole state', () => {
  const { tasks, ...rest } = pinwake({ pages: 2, users: 3, loops: 2 })
  const few = tasks.map((task) => ({ ...task, locations: task.locations.slice(0, 4) }))
  expect(placesIn({ ...rest, tasks: few }).every((mask) => mask === -1)).toBe(true)
})
