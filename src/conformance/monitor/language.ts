/**
 * What one task may show at one object, whatever everybody else does meanwhile: the language of its records, as a
 * deterministic automaton. The model is explored with one task whose records are seen; between any two of its steps the
 * others do what they like, unseen.
 */
import { assert } from '../../base/assert.ts'
import type { Conformance } from '../conform.ts'
import { NOBODY, type Follower } from '../follower.ts'
import { deterministic, type Automaton, type Nondeterministic } from './automaton.ts'
import { elsewhere, type Alphabet } from './alphabet.ts'

/** Variables with more values than this count something that has no end. */
const valuesMany = 1 << 15
const statesMax = 2_000_000

export interface LanguageOptions {
  /** Trace points that are seen. */
  readonly events: ReadonlySet<string>
  readonly alphabet: Alphabet
  /** How many the others may hold of each kind at once. More must not make a difference. */
  readonly holdersMax: number
  /** False: the task may break the rules of the list of observations. */
  readonly lawful: boolean
}

export interface Language {
  readonly automaton: Automaton
  /** Bit per rule that the task has broken somewhere. */
  readonly broken: number
}

export function languageOf(conformance: Conformance, options: LanguageOptions): Language {
  const world = new World(conformance, options)
  return { automaton: deterministic(world.explore(), options.alphabet.symbols), broken: world.broken }
}

/** The slot of the task whose records are seen. */
const own = 0

class World {
  /** Bit per rule that the task has broken. */
  broken = 0
  private readonly follower: Follower
  private readonly others: Follower
  private readonly alphabet: Alphabet
  private readonly counts: readonly number[]
  private readonly max: number
  private readonly lawful: boolean
  private readonly symbols = new Map<number, number>()
  private readonly around = new Map<number, readonly number[]>()

  constructor(conformance: Conformance, { events, alphabet, holdersMax, lawful }: LanguageOptions) {
    this.follower = conformance.follower(events)
    this.others = conformance.follower(new Set())
    this.alphabet = alphabet
    this.max = holdersMax
    this.lawful = lawful
    const sum = conformance.options.spec.resume.variable
    this.counts = this.follower.machine.system.variables.flatMap((v, i) =>
      v.hi - v.lo >= valuesMany && v.name !== sum ? [i] : [],
    )
  }

  /** All states, numbered as they are met, with what leads from one to another. */
  explore(): Nondeterministic {
    const { follower } = this
    const numbers = new Map<number, number>()
    const states: number[] = []
    const numberOf = (state: number): number => {
      const known = numbers.get(state)
      if (known !== undefined) return known
      numbers.set(state, states.length)
      return states.push(state) - 1
    }
    const initial = follower.nodes.list(follower.initial).map(numberOf)
    const silent: number[][] = []
    const shown: (readonly [symbol: number, to: number])[][] = []
    for (let i = 0; i < states.length; i++) {
      assert(states.length < statesMax, 'the language of one task is small')
      silent.push([...this.unseen(states[i])].map(numberOf))
      shown.push(this.seen(states[i]).map(([symbol, to]) => [symbol, numberOf(to)]))
    }
    return { initial, silent, shown, rests: states.map((state) => follower.threadOf(state, own) === NOBODY) }
  }

  private *unseen(state: number): Generator<number> {
    const { follower } = this
    for (const shared of this.nextShared(follower.states.at(state, 0))) yield follower.withShared(state, shared, 0)
    const thread = follower.threadOf(state, own)
    // Larger numbers than two are of no other kind.
    if (!follower.isDroppable(follower.thread(thread).pending) || follower.place(own, thread).chooses) return
    follower.allowNotes = true
    const outcomes = follower.outcomes(state, own, () => true, null)
    follower.allowNotes = false
    for (const { state: after, made } of outcomes) {
      if (!follower.isClean(after) && !this.isForgiven(follower.states.at(after, 1))) continue
      const next = follower.withPending(this.unmarked(after), own, made)
      if (this.isWithin(next)) yield next
    }
  }

  private isForgiven(broken: number): boolean {
    const { ruleBits, machine } = this.follower
    const rules = (1 << machine.rules.length) - 1
    if (this.lawful || (broken & ruleBits & ~rules) !== 0) return false
    this.broken |= broken & rules
    return true
  }

  /** What the task shows next of what it has passed, and what it may have come to without showing anything. */
  private seen(state: number): [symbol: number, to: number][] {
    const { follower, alphabet } = this
    const thread = follower.threadOf(state, own)
    if (thread === NOBODY) return [[alphabet.symbols.indexOf(elsewhere), state]]
    const { pending } = follower.thread(thread)
    const found: [number, number][] = []
    for (let i = 0; i < pending.length; i++) {
      const next = follower.withPending(state, own, pending.slice(i + 1))
      if (this.isWithin(next)) found.push([this.symbolOf(pending[i] >> 1), next])
      if ((pending[i] & 1) === 0) break
    }
    return found
  }

  private symbolOf(emission: number): number {
    const known = this.symbols.get(emission)
    if (known !== undefined) return known
    const { machine } = this.follower
    const [name, ...values] = machine.emissions.list(emission)
    const symbol = this.alphabet.symbolOf(machine.names[name], values)
    this.symbols.set(emission, symbol)
    return symbol
  }

  /** Without a mark of what was remarkable on the way. */
  private unmarked(state: number): number {
    const tuple = this.follower.states.list(state)
    tuple[1] = 0
    return this.follower.states.intern(tuple, tuple.length)
  }

  /** The variables after one thing that somebody else does. */
  private nextShared(shared: number): readonly number[] {
    const known = this.around.get(shared)
    if (known !== undefined) return known
    const values = this.follower.shared.list(shared)
    const found = this.others
      .drift(this.others.shared.intern(values, values.length))
      .map((d) => this.others.shared.list(d.shared))
      .map((list) => this.follower.shared.intern(list, list.length))
      .filter((next) => this.isSmall(next))
    this.around.set(shared, found)
    return found
  }

  /** In the middle of something the task may hold more. */
  private isWithin(state: number): boolean {
    const { follower } = this
    return follower.threadOf(state, own) !== NOBODY || this.isSmall(follower.states.at(state, 0))
  }

  private isSmall(shared: number): boolean {
    return this.counts.every((v) => this.follower.shared.at(shared, v) <= this.max)
  }
}
