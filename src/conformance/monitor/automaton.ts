/** Finite automata: from one with unseen steps and choices to the smallest one without. */

export interface Nondeterministic {
  readonly initial: readonly number[]
  /** Per state: where it may come without showing anything. */
  readonly silent: readonly (readonly number[])[]
  /** Per state: what it may show, and where it is then. */
  readonly shown: readonly (readonly (readonly [symbol: number, to: number])[])[]
  readonly rests: readonly boolean[]
}

/** Deterministic; what has no next state is a violation. State 0 is the initial one. */
export interface Automaton {
  readonly symbols: readonly string[]
  /** Per state and symbol: the next state, or -1. */
  readonly next: readonly (readonly number[])[]
  /** Nothing has to follow. */
  readonly rests: readonly boolean[]
}

/** The smallest deterministic automaton of the same language; its states are numbered breadth first. */
export function deterministic(automaton: Nondeterministic, symbols: readonly string[]): Automaton {
  return smallest(subsets(condensed(automaton), symbols))
}

/** States that lead to each other unseen are one. */
function condensed({ initial, silent, shown, rests }: Nondeterministic): Nondeterministic {
  const of = components(silent)
  const count = Math.max(...of) + 1
  const merged = {
    silent: Array.from({ length: count }, () => new Set<number>()),
    shown: Array.from({ length: count }, () => new Map<string, readonly [number, number]>()),
    rests: Array.from({ length: count }, () => false),
  }
  of.forEach((component, state) => {
    for (const to of silent[state]) if (of[to] !== component) merged.silent[component].add(of[to])
    for (const [symbol, to] of shown[state]) merged.shown[component].set(`${symbol} ${of[to]}`, [symbol, of[to]])
    if (rests[state]) merged.rests[component] = true
  })
  return {
    initial: [...new Set(initial.map((state) => of[state]))],
    silent: merged.silent.map((s) => [...s]),
    shown: merged.shown.map((s) => [...s.values()]),
    rests: merged.rests,
  }
}

/** Number of the strongly connected component of each state. Tarjan's algorithm, with a stack of its own. */
function components(edges: readonly (readonly number[])[]): number[] {
  const unset = -1
  const of = edges.map(() => unset)
  const index = edges.map(() => unset)
  const low = edges.map(() => 0)
  const open: number[] = []
  let count = 0
  let met = 0
  const enter = (state: number): { state: number; at: number } => {
    index[state] = low[state] = met++
    open.push(state)
    return { state, at: 0 }
  }
  for (let root = 0; root < edges.length; root++) {
    if (index[root] !== unset) continue
    const path = [enter(root)]
    while (path.length > 0) {
      const top = path[path.length - 1]
      const { state } = top
      if (top.at < edges[state].length) {
        const to = edges[state][top.at++]
        if (index[to] === unset) path.push(enter(to))
        else if (of[to] === unset) low[state] = Math.min(low[state], index[to])
        continue
      }
      path.pop()
      if (path.length > 0) {
        const above = path[path.length - 1].state
        low[above] = Math.min(low[above], low[state])
      }
      if (low[state] !== index[state]) continue
      for (let member = unset; member !== state;) {
        member = open.pop()!
        of[member] = count
      }
      count++
    }
  }
  return of
}

/** A state for every set of states that may be possible after the same symbols. */
function subsets({ initial, silent, shown, rests }: Nondeterministic, symbols: readonly string[]): Automaton {
  const closed = (states: Iterable<number>): number[] => {
    const found = new Set(states)
    for (const state of found) for (const to of silent[state]) found.add(to)
    return [...found].sort((a, b) => a - b)
  }
  const numbers = new Map<string, number>()
  const sets: number[][] = []
  const numberOf = (states: Iterable<number>): number => {
    const set = closed(states)
    const key = set.join(' ')
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, sets.length)
    return sets.push(set) - 1
  }
  numberOf(initial)
  const next: number[][] = []
  for (let i = 0; i < sets.length; i++) {
    const targets = symbols.map(() => new Set<number>())
    for (const state of sets[i]) for (const [symbol, to] of shown[state]) targets[symbol].add(to)
    next.push(targets.map((t) => (t.size === 0 ? -1 : numberOf(t))))
  }
  return { symbols, next, rests: sets.map((set) => set.some((state) => rests[state])) }
}

/** States that allow the same from here on are one. Moore's algorithm. */
function smallest({ symbols, next, rests }: Automaton): Automaton {
  let of = rests.map(Number)
  for (let count = 0; ;) {
    const numbers = new Map<string, number>()
    const finer = next.map((row, state) => {
      const key = [of[state], ...row.map((to) => (to < 0 ? -1 : of[to]))].join(' ')
      if (!numbers.has(key)) numbers.set(key, numbers.size)
      return numbers.get(key)!
    })
    of = finer
    if (numbers.size === count) break
    count = numbers.size
  }
  const order: number[] = []
  const place = new Map<number, number>()
  const visit = (state: number): number => {
    const known = place.get(of[state])
    if (known !== undefined) return known
    place.set(of[state], order.length)
    return order.push(state) - 1
  }
  visit(0)
  const rows: number[][] = []
  for (let i = 0; i < order.length; i++) rows.push(next[order[i]].map((to) => (to < 0 ? -1 : visit(to))))
  return { symbols, next: rows, rests: order.map((state) => rests[state]) }
}
