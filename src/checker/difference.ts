/**
 * What one observed model can do and another cannot. A behaviour is a sequence of observations that differ from their
 * predecessors. Both models are made deterministic on the way (a set of nodes for every sequence) and walked together,
 * breadth first: the first sequence that only one of them has is one of the shortest.
 */
import type { Trace } from '../model/model.ts'
import type { Observation } from '../model/observation.ts'
import type { Observed } from './observation.ts'

export interface Difference {
  /** Shortest first. */
  readonly findings: readonly Finding[]
  /** Pairs of sets walked through. */
  readonly pairs: number
  /** False: `pairsMax` was met, and there may be more. */
  readonly isComplete: boolean
}

/** A behaviour that only one of two models has. All but its last observation the other has as well. */
export interface Finding {
  /** Who has it: 0 or 1. */
  readonly side: number
  /** Numbers of observations, from the initial one on. */
  readonly word: readonly number[]
  /** What may be observed next of the other one instead. */
  readonly instead: readonly number[]
}

/** Of behaviours whose last change is the same only the shortest is given. */
export function difference(a: Observed, b: Observed, pairsMax: number): Difference {
  const sides = [new Determinised(a), new Determinised(b)]
  const { observations } = a.alphabet
  const findings: Finding[] = []
  const kinds = new Set<string>()
  const add = (side: number, word: readonly number[], letter: number, instead: Iterable<number>): void => {
    const kind = `${side} ${changeOf(word.length > 0 ? observations[word[word.length - 1]] : null, observations[letter])}`
    if (kinds.has(kind)) return
    kinds.add(kind)
    findings.push({ side, word: [...word, letter], instead: [...instead] })
  }
  const walked = new Set<string>(['0 0'])
  const open: { sets: readonly [number, number]; word: readonly number[] }[] = [{ sets: [0, 0], word: [] }]
  for (const { sets, word } of open) {
    const [nextA, nextB] = [sides[0].next(sets[0]), sides[1].next(sets[1])]
    for (const [letter, set] of nextA) {
      const other = nextB.get(letter)
      if (other === undefined) add(0, word, letter, nextB.keys())
      else if (!walked.has(`${set} ${other}`)) {
        walked.add(`${set} ${other}`)
        open.push({ sets: [set, other], word: [...word, letter] })
      }
    }
    for (const letter of nextB.keys()) if (!nextA.has(letter)) add(1, word, letter, nextA.keys())
    if (open.length > pairsMax) return { findings, pairs: open.length, isComplete: false }
  }
  return { findings, pairs: open.length, isComplete: true }
}

function changeOf(before: Observation | null, after: Observation): string {
  if (after.kind === 'end' || before?.kind !== 'state') return JSON.stringify(after)
  const values = after.values.map((v, i) => (v === before.values[i] ? '' : `${before.values[i]}>${v}`))
  const moved = after.progress.map((p, i) => (JSON.stringify(p) === JSON.stringify(before.progress[i]) ? '' : p))
  return JSON.stringify([values, moved])
}

/** Sets of nodes after every sequence of observations, made when asked for. Set 0 is before the first observation. */
class Determinised {
  readonly #observed: Observed
  /** Nodes that are entered by the last observation; silent steps are taken when the set is left. */
  readonly #sets: (readonly number[])[] = [[]]
  readonly #numbers = new Map<string, number>()
  readonly #next: Map<number, number>[] = []
  readonly #visited: Int32Array

  constructor(observed: Observed) {
    this.#observed = observed
    this.#visited = new Int32Array(observed.letters.length).fill(-1)
    const byLetter = new Map<number, Set<number>>()
    for (const node of observed.initial) into(byLetter, observed.letters[node]).add(node)
    this.#next[0] = this.#numbered(byLetter)
  }

  /** Observations that may follow, with the set behind each. */
  next(set: number): Map<number, number> {
    return (this.#next[set] ??= this.#numbered(this.#successors(set)))
  }

  #successors(set: number): Map<number, Set<number>> {
    const { letters, first, targets, ends } = this.#observed
    const byLetter = new Map<number, Set<number>>()
    const open = [...this.#sets[set]]
    for (const node of open) this.#visited[node] = set
    for (const node of open) {
      for (let e = first[node]; e < first[node + 1]; e++) {
        const target = targets[e]
        if (letters[target] !== letters[node]) into(byLetter, letters[target]).add(target)
        else if (this.#visited[target] !== set) {
          this.#visited[target] = set
          open.push(target)
        }
      }
      for (const end of ends.get(node) ?? []) into(byLetter, end.letter)
    }
    return byLetter
  }

  #numbered(byLetter: ReadonlyMap<number, ReadonlySet<number>>): Map<number, number> {
    return new Map([...byLetter].map(([letter, nodes]) => [letter, this.#number([...nodes].sort((a, b) => a - b))]))
  }

  #number(nodes: readonly number[]): number {
    const key = nodes.join()
    let number = this.#numbers.get(key)
    if (number === undefined) {
      number = this.#sets.push(nodes) - 1
      this.#numbers.set(key, number)
    }
    return number
  }
}

function into(byLetter: Map<number, Set<number>>, letter: number): Set<number> {
  const known = byLetter.get(letter) ?? new Set<number>()
  byLetter.set(letter, known)
  return known
}

/** A run that shows a behaviour. */
export interface Realisation {
  readonly trace: Trace
  /** By observation behind the first: steps of the trace that were done when it was made, the one that made it included. */
  readonly stepsAt: readonly number[]
  /** By observation behind the first: the task that made it, -1 when nothing moves any more. */
  readonly tasks: readonly number[]
}

interface Visit {
  readonly node: number
  /** Observations matched. */
  readonly matched: number
  /** Task of the last step, -1 before the first. */
  readonly task: number
  readonly switches: number
  readonly choice: number
  readonly mover: number
  readonly before: Visit | null
}

/** One of the shortest runs, of these one with the fewest context switches. */
export function realise(observed: Observed, word: readonly number[]): Realisation {
  const { letters, first, targets, choices, tasks, ends, initial } = observed
  const last = word[word.length - 1]
  const isEnd = observed.alphabet.observations[last].kind === 'end'
  const stateLetters = isEnd ? word.length - 1 : word.length
  const done = new Set<string>()
  let layer = new Map<string, Visit>()
  const visit = (into: Map<string, Visit>, v: Visit): void => {
    const key = `${v.node} ${v.matched} ${v.task}`
    const known = into.get(key)
    if (known === undefined || v.switches < known.switches) into.set(key, v)
  }
  initial.forEach((node, i) => {
    if (letters[node] === word[0])
      visit(layer, { node, matched: 1, task: -1, switches: 0, choice: i, mover: -1, before: null })
  })
  for (;;) {
    const finished = [...layer.values()].filter(
      (v) => v.matched === stateLetters && (!isEnd || ends.get(v.node)?.some((e) => e.letter === last)),
    )
    if (finished.length > 0) return told(finished.reduce((a, b) => (b.switches < a.switches ? b : a)))
    const next = new Map<string, Visit>()
    for (const v of layer.values()) done.add(`${v.node} ${v.matched}`)
    for (const v of layer.values())
      for (let e = first[v.node]; e < first[v.node + 1]; e++) {
        const node = targets[e]
        const isSilent = letters[node] === letters[v.node]
        if (!isSilent && (v.matched === stateLetters || letters[node] !== word[v.matched])) continue
        const matched = isSilent ? v.matched : v.matched + 1
        if (done.has(`${node} ${matched}`)) continue
        const isStep = choices[e] !== -1
        const task = isStep ? tasks[e] : v.task
        const switches = v.switches + (isStep && v.task !== -1 && v.task !== task ? 1 : 0)
        visit(next, { node, matched, task, switches, choice: choices[e], mover: tasks[e], before: v })
      }
    layer = next
  }

  function told(final: Visit): Realisation {
    const visits: Visit[] = []
    for (let v: Visit | null = final; v !== null; v = v.before) visits.unshift(v)
    const taken: number[] = []
    const stepsAt: number[] = []
    const movers: number[] = []
    visits.slice(1).forEach((v, i) => {
      if (v.choice !== -1) taken.push(v.choice)
      if (v.matched === visits[i].matched) return
      stepsAt.push(taken.length)
      movers.push(v.mover)
    })
    if (isEnd) {
      const end = ends.get(final.node)?.find((e) => e.letter === last)
      if (end !== undefined && end.choice !== -1) taken.push(end.choice)
      stepsAt.push(taken.length)
      movers.push(-1)
    }
    return { trace: { initial: visits[0].choice, choices: taken }, stepsAt, tasks: movers }
  }
}
