/**
 * One search of ours in a process of its own: prints states, transitions and the seconds of the search alone, as the
 * other checkers do; `check` also counts reading the model and generating code.
 *
 *     node search.js SCENARIO KERNEL FS
 */
import { fileURLToPath } from 'node:url'
import { search } from '../../src/checker/index.ts'
import { compileSystem } from '../../src/compiler/backend/compile.ts'
import { formatDiagnostic, loadProgram } from '../../src/compiler/index.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const [scenario, kernel, fs] = process.argv.slice(2)
const system = loadProgram({ root }).compile({ scenario, kernel, fs, reduce: false })
if (!('tasks' in system)) throw new Error(system.map(formatDiagnostic).join('\n'))
const model = compileSystem(system)
const begin = performance.now()
const { kind, statistics } = search(model, {
  maxStates: Infinity,
  memoryBytesMax: 16 * 2 ** 30,
  hangStatesMax: 0,
  poll: () => 'go',
})
const seconds = (performance.now() - begin) / 1000
console.log(JSON.stringify({ kind, states: statistics.states, transitions: statistics.transitions, seconds }))
