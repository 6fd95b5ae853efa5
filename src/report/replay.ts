/** A trace as a list: a line for every source line that ran, and the states between if asked for. */
import type { State } from '../model/layout.ts'
import type { TransitionSystem } from '../model/system.ts'
import { valueName, variableName } from './names.ts'
import type { Step } from './steps.ts'
import { wrap } from './wrap.ts'

export interface ReplayOptions {
  readonly width: number
  /** The state before the first step and after every step; null: none. */
  readonly states: readonly State[] | null
}

export function replayLines(
  system: TransitionSystem,
  steps: readonly Step[],
  { width, states }: ReplayOptions,
): string[] {
  const taskWidth = Math.max(0, ...steps.map((s) => system.tasks[s.task].name.length))
  const lines = states ? stateLines(system, states[0], width) : []
  steps.forEach((step, i) => {
    const isFirst = steps[i - 1]?.index !== step.index
    const number = isFirst ? String(step.index + 1).padStart(4) : '    '
    const name = isFirst ? system.tasks[step.task].name : ''
    const head = `${number}  ${name.padEnd(taskWidth)}  `
    const changes = step.changes.map((c) => `<${c.name} ${c.from} -> ${c.to}>`)
    const reads = step.reads
      .filter((r) => !step.changes.some((c) => c.variable === r.variable))
      .map((r) => `<${r.name} is ${r.value}>`)
    const frame = step.stack.at(-1)
    const what = [`${step.file}:${step.line}:`, ...(frame ? [`${frame.function}():`] : []), step.text]
    lines.push(head + what.join(' '))
    const notes = [...reads, ...changes]
    if (notes.length > 0)
      lines.push(...wrap(' '.repeat(head.length + 2) + notes.join(' '), width, ' '.repeat(head.length + 2)))
    const isLast = steps[i + 1]?.index !== step.index
    if (isLast && states?.[step.index + 1]) lines.push(...stateLines(system, states[step.index + 1], width))
  })
  return lines
}

/** Every variable, and where every task stands. */
function stateLines(system: TransitionSystem, state: State, width: number): string[] {
  const values = system.variables.map(
    (_, v) => `${variableName(system, v)}=${valueName(system, v, state.variables[v])}`,
  )
  const tasks = system.tasks.map((task, t) => {
    const location = task.locations[state.locations[t]]
    const { file, line } = system.sites[location.site]
    const registers = location.live.map((r) => `${task.registers[r].name}=${state.registers[t][r]}`)
    const where = location.actions.length === 0 ? 'done' : `at ${system.files[file]}:${line}`
    return `      | ${task.name} ${where}${registers.length > 0 ? ` (${registers.join(', ')})` : ''}`
  })
  return [...wrap('      | ' + values.join(' '), width, '      | '), ...tasks]
}
