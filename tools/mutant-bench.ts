/** Tries mutants out in scenarios: which one fails, where it holds without the mutant? */
import { assert } from '../src/base/assert.ts'
import { search } from '../src/checker/index.ts'
import { corpus, repairedQuestions } from '../src/cli/corpus.ts'
import { openModels, type Models } from '../src/cli/models.ts'
import type { SearchFlags } from '../src/cli/options.ts'
import { isShipped, kernelToCompile, questionsOf, type Catalogue, type Question } from '../src/cli/questions.ts'
import { readRecordedBugs } from '../src/cli/recorded-bugs.ts'
import { expectedFile, readRecorded } from '../src/cli/recorded.ts'
import { compileSystem } from '../src/compiler/backend/compile.ts'
import { isSameSystem, type CompileOptions, type Program } from '../src/compiler/index.ts'
import type { Verdict } from '../src/model/model.ts'
import type { TransitionSystem } from '../src/model/system.ts'
import type { MutationPoint, Position, Span } from './mutation-points.ts'

export type Outcome =
  | { readonly kind: 'killed'; readonly by: string; readonly class: string }
  | { readonly kind: 'survived'; readonly undecided: number }
  /** In no scenario is it a kernel of its own: it does not compile (a loop without a step, say), or to the same steps. */
  | { readonly kind: 'stillborn'; readonly why: string }
  /** No scenario runs it. */
  | { readonly kind: 'unreached' }

/** Where a mutant is to be tried out. */
export interface Trial {
  /** Ids of cells to begin with, in their order. */
  readonly first: readonly string[]
  /** Releases. Besides those cells, and the bugs of the corpus. */
  readonly kernels: readonly string[]
  /** In at most so many cells that run it. */
  readonly cellsMax: number
}

/** A question whose recorded answer is that everything holds; only such a one can show what a mutant breaks. */
export interface Cell {
  /** `dio-vs-truncate 7.3 xfs`. */
  readonly id: string
  readonly question: Question
  /** As recorded. */
  readonly states: number
  /** A bug of the corpus, repaired. */
  readonly isRepaired: boolean
}

/**
 * Every scenario on these releases and all its file systems, and every bug of the corpus repaired: those bring memory
 * models and bounds of their own. And `also`: ids of cells on other releases. The small ones first; releases of one
 * scenario stand together, since those that do not differ are compiled once.
 */
export function cellsOf(catalogue: Catalogue, kernels: readonly string[], also: readonly string[] = []): Cell[] {
  const scenarios = catalogue.scenarios.filter(isShipped)
  const asked = scenarios.flatMap((scenario) => {
    const recorded = readRecorded(expectedFile(scenario)).filter((r) => r.verdict === 'holds')
    return questionsOf(catalogue, [scenario], { ...plain, kernel: 'all', fs: 'all' }).flatMap((question) => {
      const record = recorded.find((r) => r.kernel === question.kernel && r.fs === question.fs)
      const cell = cellFor(question, record?.states ?? 0, false)
      const isAsked = question.kernel === '' || kernels.includes(question.kernel) || also.includes(cell.id)
      return record && isAsked ? [cell] : []
    })
  })
  const bugs = readRecordedBugs()
  const repaired = corpus(catalogue).flatMap((bug) =>
    repairedQuestions(catalogue, bug, plain).map((question) => {
      const record = bugs.get(bug.slug)
      const isLarger = question.name.endsWith('(larger)')
      return cellFor(question, (isLarger ? record?.statesLarger : record?.statesFixed) ?? 0, true)
    }),
  )
  return likelyFirst([...asked, ...repaired])
}

const plain: SearchFlags = {
  set: {},
  workers: 1,
  memory: 2 ** 30,
  seenSet: 'exact',
  timeout: Infinity,
  maxStates: Infinity,
  reduction: true,
  merging: true,
  symmetry: true,
  memoryModel: 'sc',
}

function cellFor(question: Question, states: number, isRepaired: boolean): Cell {
  const { name, kernel, fs } = question
  return { id: [name, kernel, fs].filter((word) => word !== '').join(' '), question, states, isRepaired }
}

/** On the first release and the first file system of a scenario most mutants die. */
function likelyFirst(cells: readonly Cell[]): Cell[] {
  const seen = new Set<string>()
  const isFirst = ({ question }: Cell) => seen.size < seen.add(question.name).size
  const first = new Set(cells.filter(isFirst))
  return [...smallFirst([...first]), ...smallFirst(cells.filter((cell) => !first.has(cell)))]
}

function smallFirst(cells: readonly Cell[]): Cell[] {
  const groups = new Map<string, Cell[]>()
  for (const cell of cells) {
    const key = JSON.stringify({ ...cell.question, kernel: '' })
    groups.set(key, [...(groups.get(key) ?? []), cell])
  }
  const size = (group: readonly Cell[]) => Math.max(...group.map((cell) => cell.states))
  return [...groups.values()].sort((a, b) => size(a) - size(b)).flat()
}

export class Bench {
  readonly #program: Program
  readonly #models: Models
  readonly #cells: readonly Cell[]
  readonly #places = new Map<Cell, readonly Place[]>()
  readonly #holds = new Map<Cell, boolean>()
  /** Equal kernels give one system, and one search answers for all. */
  readonly #verdicts = new WeakMap<TransitionSystem['tasks'], Verdict>()

  constructor(program: Program, cells: readonly Cell[]) {
    this.#program = program
    this.#models = openModels([], program)
    this.#cells = cells
  }

  async tryOut(point: MutationPoint, { first, kernels, cellsMax }: Trial): Promise<Outcome> {
    let [reached, compiled, undecided] = [0, 0, 0]
    let why = ''
    const isAsked = ({ id, question, isRepaired }: Cell) =>
      isRepaired || question.kernel === '' || kernels.includes(question.kernel) || first.includes(id)
    for (const cell of this.#startingWith(first).filter(isAsked)) {
      if (reached === cellsMax) break
      if (!(await this.#runs(cell, point))) continue
      reached++
      const system = this.#mutant(cell, point)
      if (typeof system === 'string') {
        why ||= system
        continue
      }
      if (isSameSystem(system, await this.#plain(cell))) {
        why ||= `the steps of ${cell.id} are the same without it`
        continue
      }
      compiled++
      const verdict = this.#search(cell, system)
      if (verdict.kind === 'violated' && (await this.#holdsWithout(cell)))
        return { kind: 'killed', by: cell.id, class: verdict.class }
      if (verdict.kind === 'incomplete') undecided++
    }
    if (reached === 0) return { kind: 'unreached' }
    return compiled === 0 ? { kind: 'stillborn', why } : { kind: 'survived', undecided }
  }

  /** A mutant may go round for ever where the compiler follows it step by step. */
  #mutant({ id, question }: Cell, { omit }: MutationPoint): TransitionSystem | string {
    try {
      const system = this.#program.compile({ ...compileOptions(question), omit })
      return 'tasks' in system ? system : `${system[0].code}: ${system[0].message}`
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return `the compiler fails in ${id}: ${error.message}`
    }
  }

  /** A cell named there, then those of the same scenario on other releases and file systems, in the order of the names. */
  #startingWith(first: readonly string[]): readonly Cell[] {
    const exact = new Map(first.map((id, i) => [id, i]))
    const rank = ({ id, question }: Cell): number => {
      const alike = first.findIndex((other) => other.startsWith(`${question.name} `))
      return exact.get(id) ?? (alike < 0 ? first.length : alike + 0.5)
    }
    const ranks = new Map(this.#cells.map((cell) => [cell, rank(cell)]))
    return [...this.#cells].sort((a, b) => ranks.get(a)! - ranks.get(b)!)
  }

  /** Does some task come there? The text of an older release is in another file. */
  async #runs(cell: Cell, { file, spans }: MutationPoint): Promise<boolean> {
    let places = this.#places.get(cell)
    if (!places) this.#places.set(cell, (places = placesOf(await this.#plain(cell))))
    return places.some((place) => place.file === file && spans.some((span) => isWithin(place, span)))
  }

  /** What is recorded is not believed where a mutant's death hangs on it. */
  async #holdsWithout(cell: Cell): Promise<boolean> {
    const known = this.#holds.get(cell)
    if (known !== undefined) return known
    const holds = this.#search(cell, await this.#plain(cell)).kind === 'holds'
    this.#holds.set(cell, holds)
    return holds
  }

  /** Without a mutant. Remembered on disk, for the next run and the other workers. */
  async #plain({ id, question }: Cell): Promise<TransitionSystem> {
    const system = await this.#models.compile(compileOptions(question))
    assert('tasks' in system, `${id} compiles`)
    return system
  }

  #search({ question, states }: Cell, system: TransitionSystem): Verdict {
    const known = this.#verdicts.get(system.tasks)
    if (known) return known
    const verdict = search(compileSystem(system), {
      maxStates: Math.max(200_000, states * 20),
      memoryBytesMax: plain.memory,
      hangStatesMax: 0,
      liveness: question.liveness,
      poll: () => 'go',
    })
    this.#verdicts.set(system.tasks, verdict)
    return verdict
  }
}

/** In the order in which `lastref matrix` gives them: then what it has compiled is found on the disk. */
const compileOptions = ({ scenario, kernel, fs, bounds, reduce, symmetry, memoryModel }: Question): CompileOptions => ({
  scenario,
  kernel: kernelToCompile(kernel),
  fs: fs || undefined,
  bounds,
  reduce,
  symmetry,
  memoryModel,
})

interface Place extends Position {
  readonly file: string
}

const placesOf = ({ files, reached }: TransitionSystem): Place[] =>
  Array.from({ length: reached.length / 3 }, (_, i) => {
    const [file, line, column] = reached.slice(3 * i, 3 * i + 3)
    return { file: files[file], line, column }
  })

const isWithin = (place: Position, { from, to }: Span): boolean => isBefore(from, place) && !isBefore(to, place)

/** Or the same. */
const isBefore = (a: Position, b: Position): boolean => a.line < b.line || (a.line === b.line && a.column <= b.column)
