/** Runs the setup code of a scenario once per combination of its choices: the initial states. */
import type { State } from '../../model/layout.ts'
import type { Expression } from '../../model/system.ts'
import { evaluate } from '../../model/evaluate.ts'
import type { Instruction, Lowered } from '../code.ts'

export interface SetupFailure {
  readonly kind: 'blocks' | 'endless' | 'check'
  readonly site: number
  readonly property: number
}

const STEPS_MAX = 100_000

/** Values of all variables, one array per initial state; or why setup does not come to its end. */
export function runSetup(lowered: Lowered): number[][] | SetupFailure {
  const found: number[][] = []
  const pending: number[][] = [[]]
  while (pending.length > 0) {
    const choices = pending.shift() as number[]
    const result = runOnce(lowered, choices)
    if ('more' in result) for (let i = 0; i < result.more; i++) pending.push([...choices, i])
    else if ('values' in result) found.push(result.values)
    else return result
  }
  const distinct = new Map(found.map((values) => [values.join(), values]))
  return [...distinct.values()]
}

function runOnce(lowered: Lowered, choices: readonly number[]): { values: number[] } | { more: number } | SetupFailure {
  const { code } = lowered.setup
  const state: State = {
    variables: [...lowered.zero],
    locations: [],
    registers: [lowered.setup.registers.map(() => 0)],
  }
  const value = (e: Expression): number => evaluate(e, state, 0)
  const registers = state.registers[0]
  let taken = 0
  let at = 0
  for (let steps = 0; steps < STEPS_MAX; steps++) {
    const i: Instruction = code[at++]
    switch (i.op) {
      case 'load':
        registers[i.register] = value(i.place)
        break
      case 'store': {
        const to = i.place.kind === 'variable' ? i.place.variable : i.place.variables[value(i.place.index)]
        state.variables[to] = value(i.value)
        const v = lowered.variables[to]
        if (state.variables[to] < v.lo || state.variables[to] > v.hi)
          return { kind: 'check', site: i.site, property: i.range }
        break
      }
      case 'begin':
        if (i.guard !== null && value(i.guard) === 0) return { kind: 'blocks', site: i.site, property: -1 }
        break
      case 'end':
      case 'event':
      case 'barrier':
        break
      case 'choose':
        if (taken === choices.length) return { more: i.alternatives }
        registers[i.register] = choices[taken++]
        break
      case 'set':
        registers[i.register] = value(i.value)
        break
      case 'branch':
        at = (value(i.condition) !== 0 ? i.then : i.otherwise).at
        break
      case 'jump':
        at = i.to.at
        break
      case 'check':
        if (value(i.condition) === 0) return { kind: 'check', site: i.site, property: i.property }
        break
      case 'done':
        return { values: state.variables }
    }
  }
  return { kind: 'endless', site: code[0]?.site ?? -1, property: -1 }
}
