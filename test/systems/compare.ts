/** Do two models agree in every state reachable, every successor, order, violation and coverage? */
import { successorsFor, type Model } from '../../src/model/model.ts'

export interface Comparison {
  /** States compared. */
  readonly states: number
  readonly violations: number
  /** The first disagreement, or null. */
  readonly difference: string | null
}

/** Starts from the initial states and from `more`. */
export function compareModels(
  reference: Model,
  other: Model,
  statesMax: number,
  more: readonly Uint32Array[] = [],
): Comparison {
  const { words } = reference.layout
  const [a, b] = [successorsFor(reference), successorsFor(other)]
  const known = new Set<string>()
  const open: Uint32Array[] = []
  let violations = 0
  const meet = (state: Uint32Array) => {
    const key = state.join()
    if (known.has(key) || known.size >= statesMax) return
    known.add(key)
    open.push(state)
  }
  const different = (text: string): Comparison => ({ states: known.size, violations, difference: text })

  if (reference.initial.join(';') !== other.initial.join(';')) return different('initial states')
  reference.initial.forEach((state) => meet(state.slice()))
  more.forEach(meet)
  for (const state of open) {
    const [m, n] = [reference.successors(state, 0, a), other.successors(state, 0, b)]
    if (m !== n) return different(`${m} successors or ${n} in state ${state.join()}`)
    for (let i = 0; i < m; i++) {
      const [p, q] = [a.states.subarray(i * words, (i + 1) * words), b.states.subarray(i * words, (i + 1) * words)]
      const [x, y] = [
        `${a.actions[i]} ${a.violations[i]} ${p.join()}`,
        `${b.actions[i]} ${b.violations[i]} ${q.join()}`,
      ]
      if (x !== y) return different(`successor ${i} of ${state.join()} is (action, violation, words) ${x} or ${y}`)
      if (a.violations[i] === -1) meet(p.slice())
      else violations++
    }
  }
  if (reference.covered.join() !== other.covered.join()) return different('coverage')
  return { states: known.size, violations, difference: null }
}
