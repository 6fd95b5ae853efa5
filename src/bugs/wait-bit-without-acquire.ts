/**
 * Who finds the bit clear does not sleep, and reads the data at once. The CPU may have read them before it read the bit, and
 * then they are old.
 *
 * Needs a machine that may do a later load first: not x86.
 */
import { at, expect, scenario, Struct, uint } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import { BitWord, clear_and_wake_up_bit, wait_on_bit } from '../kernel/index.ts'
import { nobody_queued } from '../scenarios/properties.ts'

/** What the bit protects. */
class Buffer extends Struct<'buffer'> {
  data = uint(1)
  more_data = uint(1)
}

const word = at(BitWord, 0)
const buffer = at(Buffer, 0)

function produce(): void {
  buffer.data = 1
  clear_and_wake_up_bit(word)
}

function consume(): void {
  wait_on_bit(word)
  const data = buffer.data
  expect(data === 1, 'data-corruption', 'who has waited for the bit reads what was written before it was cleared')
}

function setup(): void {
  word.bit = true
}

export const one_consumer = scenario({
  id: 'wait-on-bit',
  bounds: {},
  setup,
  tasks: { producer: produce, consumer: consume },
  finally: { nobody_queued },
})

export const two_data = scenario({
  id: 'wait-on-bit-two-data',
  bounds: {},
  setup,
  tasks: {
    producer: () => {
      buffer.more_data = 1
      produce()
    },
    consumer: () => {
      consume()
      const more = buffer.more_data
      expect(more === 1, 'data-corruption', 'and all of it')
    },
  },
})

export default bug({
  slug: 'wait-bit-without-acquire',
  title: 'wait_on_bit: add an acquire memory barrier',
  fix: '8238b4579866',
  releases: 'long-standing, to 5.19',
  class: 'data-corruption',
  after: {
    test_bit_acquire(of: BitWord): boolean {
      return of.bit
    },
  },
  shows: { scenario: one_consumer, memoryModel: 'weak' },
  larger: { scenario: two_data, memoryModel: 'weak' },
})
