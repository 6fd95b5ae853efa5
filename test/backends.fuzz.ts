/**
 * Compares the compiled back ends with the interpreter on many random systems.
 * Usage: node dist/test/backends.fuzz.js [first seed] [count]
 */
import { Random } from '../src/base/random.ts'
import { interpret } from '../src/compiler/backend/interpreter.ts'
import { compileToJavaScript } from '../src/compiler/backend/javascript.ts'
import { compileToWebAssembly } from '../src/compiler/backend/wasm/webassembly.ts'
import { compareModels } from './systems/compare.ts'
import { randomStates, randomSystem } from './systems/random.ts'

const [first, count] = [Number(process.argv[2] ?? 1), Number(process.argv[3] ?? 10_000)]
let states = 0
for (let seed = first; seed < first + count; seed++) {
  const system = randomSystem(seed)
  const reference = interpret(system)
  const more = randomStates(reference, new Random(seed), 100)
  for (const compile of [compileToJavaScript, compileToWebAssembly]) {
    const { difference, states: compared } = compareModels(reference, compile(system), 500, more)
    states += compared
    if (difference === null) continue
    console.error(`${compile.name}: ${difference}\nrepeat: node dist/test/backends.fuzz.js ${seed} 1`)
    process.exit(1)
  }
}
console.log(`seeds ${first}..${first + count - 1}: no difference in ${states} states`)
