/**
 * One search of ours in a process of its own, in generated code from the first state on: prints the seconds that making
 * the code took, and those of the search alone, as other checkers have them.
 *
 *     node search.js SYSTEM.json
 */
import { readFileSync } from 'node:fs'
import { compileSystem } from '../../src/compiler/backend/compile.ts'
import type { TransitionSystem } from '../../src/model/system.ts'

const system = JSON.parse(readFileSync(process.argv[2], 'utf8')) as TransitionSystem
const begin = performance.now()
const model = compileSystem(system)
const limits = { maxStates: Infinity, memoryBytesMax: 16 * 2 ** 30 }
const exploration = model.explore!.start(limits, { levels: [], expanded: 0, end: 0, states: 0, read: () => undefined })
const made = performance.now()
for (const words of model.initial) exploration.add(words, 0)
let expanded = 0
while (expanded < exploration.states) {
  const end = exploration.states
  while (expanded < end && exploration.stopped === null) expanded = exploration.expand(expanded, end)
  if (expanded < end) throw new Error(`stopped: ${exploration.stopped}`)
}
const end = performance.now()
const violations = exploration.takeFindings().filter(({ action }) => action !== -1).length
console.log(
  JSON.stringify({
    states: exploration.states,
    violations,
    codeSeconds: (made - begin) / 1000,
    seconds: (end - made) / 1000,
  }),
)
