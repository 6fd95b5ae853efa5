import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { NarrowSet } from './narrow-set.ts'
import { SeenSet } from './seen-set.ts'

test.each([
  { words: 1, seen: new SeenSet(1) },
  { words: 2, seen: new SeenSet(2) },
  { words: 3, seen: new SeenSet(3) },
  { words: 5, seen: new SeenSet(5) },
  { words: 1, seen: new NarrowSet(1) },
  { words: 2, seen: new NarrowSet(2) },
])(
  '$seen.constructor.name of $words words: numbered in order of discovery, found again, in batches or one by one',
  ({ words, seen }) => {
    const random = new Random(words)
    const expected = new Map<string, number>()
    const states: Uint32Array[] = []
    const any = () => (random.chance(0.5) ? random.below(4) : random.pick([0, 1, 2 ** 31, 2 ** 32 - 1, random.next()]))
    for (let round = 0; round < 300; round++) {
      const batch = Uint32Array.from({ length: 200 * words }, any)
      if (round > 0) batch.set(states[random.below(states.length)], words)
      const copy = batch.slice()
      expect(seen.reserve(200)).toBe(true)
      for (let i = 0; i < 200; i++) {
        const state = copy.slice(i * words, (i + 1) * words)
        if (expected.has(state.join())) continue
        expected.set(state.join(), states.length)
        states.push(state)
      }
      if (round % 3 > 0) seen.addAll(batch, 200)
      else for (let i = 0; i < 200; i++) seen.add(batch, i * words)
      expect(seen.size).toBe(states.length)
    }
    for (const [number, state] of states.entries()) {
      expect(seen.find(state, 0)).toBe(number)
      const offset = seen.offsetOf(number)
      expect(seen.chunkOf(number).slice(offset, offset + words)).toEqual(state)
    }
    const absent = Uint32Array.from({ length: words }, () => 12_345_678)
    expect(seen.find(absent, 0)).toBe(-1)
  },
)

test.each([new SeenSet(2), new NarrowSet(2), new NarrowSet(1)])(
  'the state of zeros is not taken for known: %o',
  (seen) => {
    seen.reserve(1)
    seen.addAll(new Uint32Array(2), 1)
    expect(seen.size).toBe(1)
  },
)
