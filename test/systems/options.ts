import type { SearchOptions } from '../../src/checker/index.ts'

/** A search without limits that matter. */
export const unlimited: SearchOptions = {
  maxStates: 1e9,
  memoryBytesMax: 8 * 2 ** 30,
  hangStatesMax: 1 << 20,
  poll: () => 'go',
}
