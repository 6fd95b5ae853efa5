/**
 * A step that does something on one way only, and decides which way by what its task alone knows, is no step on the other:
 *
 *     indivisible(() => { if (last) wake(page) })   becomes   if (last) indivisible(() => wake(page))
 */
import type { Instruction, TaskCode } from '../code.ts'
import { readsVariables } from '../expression.ts'

export function withShortSections(task: TaskCode): TaskCode {
  const code = [...task.code]
  code.forEach((_, begin) => shorten(code, begin))
  return { ...task, code }
}

/** Puts the begin of a section behind the decision, where that leads straight to the end on one of its ways. */
function shorten(code: Instruction[], begin: number): void {
  const section = code[begin]
  if (section.op !== 'begin' || section.guard !== null) return
  const { acquires, releases, waiting } = section.section
  if (acquires !== null || releases !== null || waiting !== null) return
  let at = begin + 1
  while (isLocal(code[at])) at++
  const decision = code[at]
  if (decision.op !== 'branch' || readsVariables(decision.condition)) return
  let end = at + 1
  while (code[end].op !== 'end') end++
  const ways = [decision.then.at, decision.otherwise.at]
  if (!ways.includes(at + 1) || !ways.includes(end)) return
  const moved = { at, used: true }
  const past = { at: end + 1, used: true }
  const wayOf = (target: number) => (target === end ? past : moved)
  const first: Instruction = { ...decision, then: wayOf(ways[0]), otherwise: wayOf(ways[1]) }
  code.splice(begin, at - begin + 1, ...code.slice(begin + 1, at), first, section)
}

const isLocal = (i: Instruction): boolean => i.op === 'set' && !readsVariables(i.value)
