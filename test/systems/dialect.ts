/** Models as text, compiled without touching the disk. */
import { resolve } from 'node:path'
import { formatDiagnostic, loadProgram, type Program } from '../../src/compiler/index.ts'
import type { TransitionSystem } from '../../src/model/system.ts'

export const modelFile = '/models/model.ts'

/** Line 1 of every model: all words of the dialect. */
export const importLine = `import { acquired, address, all, array, assert, assert_held, at, atomic, bool, bound, choose, current, down_read, down_write, embedded, existsWhile, expect, ghost, guardedBy, index_of, indivisible, init, irq, mutex_lock, mutex_unlock, Mutex, oneOf, property, ref, released, RwSemaphore, scenario, sleeping_for, spin_lock, spin_unlock, Spinlock, Struct, Task, TASK_RUNNING, trace, uint, up_read, up_write, when, type Address, type Lock, type u1, type u2, type u4, type u8 } from 'lastref/dialect'`

/** A program of one model, or of several files; the first may leave out the import. */
export function programOf(text: string, files: Readonly<Record<string, string>> = {}): Program {
  const sources: Readonly<Record<string, string>> = {
    [modelFile]: /^import /m.test(text) ? text : `${importLine}\n${text}`,
    ...files,
  }
  return loadProgram({ root: resolve('.'), files: Object.keys(sources), readFile: (file) => sources[file] })
}

export function systemOf(program: Program, scenario: string, reduce = true): TransitionSystem {
  const system = program.compile({ scenario, kernel: '', reduce })
  if ('tasks' in system) return system
  throw new Error(system.map(formatDiagnostic).join('\n'))
}
