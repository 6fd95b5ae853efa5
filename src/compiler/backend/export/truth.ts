/** Which variables and registers are truth values, for languages that tell them from numbers. */
import type { Expression, Statement, Task, TransitionSystem, Variable } from '../../../model/system.ts'
import { assert, unreachable } from '../../../base/assert.ts'
import { truthOperators } from './fold.ts'

export const isTruthVariable = ({ kind, lo, hi }: Variable): boolean => kind === 'bool' && lo >= 0 && hi <= 1

/** Is the value of an expression a truth value? 0 and 1 can be either: null. */
export function isTruth(e: Expression, variables: readonly Variable[], truths: ReadonlySet<number>): boolean | null {
  switch (e.kind) {
    case 'const':
      return e.value === 0 || e.value === 1 ? null : false
    case 'variable':
      return isTruthVariable(variables[e.variable])
    case 'element':
      return e.variables.every((v) => isTruthVariable(variables[v]))
    case 'register':
      return truths.has(e.register)
    case 'unary':
      return e.operator === 'not'
    case 'binary':
      return truthOperators.has(e.operator)
    case 'select': {
      const [a, b] = [e.then, e.otherwise].map((part) => isTruth(part, variables, truths))
      return a === false || b === false ? false : a === null && b === null ? null : true
    }
    default:
      return unreachable(e)
  }
}

/** Registers that are only ever set to truth values and never reckoned with. */
export function truthRegisters(
  { variables }: TransitionSystem,
  task: Task,
  bodies: readonly (readonly Statement[])[],
): Set<number> {
  const numbers = new Set<number>()
  const sets: { register: number; value: Expression }[] = []
  const visit = (body: readonly Statement[]): void => {
    for (const s of body) {
      if (s.kind === 'set') {
        sets.push({ register: s.register, value: s.value })
        use(s.value, true, numbers)
      } else if (s.kind === 'store') {
        use(s.place, false, numbers)
        use(s.value, isTruth(s.place, variables, new Set()) === true, numbers)
      } else if (s.kind === 'check') use(s.condition, true, numbers)
      else if (s.kind === 'if') {
        use(s.condition, true, numbers)
        visit(s.then)
        visit(s.otherwise)
      }
    }
  }
  for (const body of bodies) visit(body)
  for (const { actions } of task.locations)
    for (const { guard } of actions) if (guard !== null) use(guard, true, numbers)
  const truths = new Set<number>()
  task.registers.forEach(({ lo, hi, labels }, r) => {
    if (lo >= 0 && hi <= 1 && labels === null && !numbers.has(r)) truths.add(r)
  })
  for (let before = -1; before !== truths.size;) {
    before = truths.size
    for (const { register, value } of sets) if (isTruth(value, variables, truths) === false) truths.delete(register)
  }
  return truths
}

/** Notes the registers whose number counts. `asTruth`: only whether the value is 0 counts. */
function use(e: Expression, asTruth: boolean, numbers: Set<number>): void {
  switch (e.kind) {
    case 'const':
    case 'variable':
      return
    case 'register':
      if (!asTruth) numbers.add(e.register)
      return
    case 'element':
      return use(e.index, false, numbers)
    case 'unary':
      return use(e.operand, e.operator === 'not', numbers)
    case 'binary': {
      const bit = [e.left, e.right].some((side) => side.kind === 'const' && (side.value === 0 || side.value === 1))
      const asks = e.operator === 'and' || e.operator === 'or' || ((e.operator === '==' || e.operator === '!=') && bit)
      use(e.left, asks, numbers)
      return use(e.right, asks, numbers)
    }
    case 'select':
      use(e.condition, true, numbers)
      use(e.then, asTruth, numbers)
      return use(e.otherwise, asTruth, numbers)
    default:
      assert(false, 'an expression of no known kind')
  }
}
