/** `lastref matrix`: scenario x kernel at a glance, compared with what is recorded. */
import { Option, type Command } from 'commander'
import type { ScenarioInfo } from '../compiler/index.ts'
import {
  cellText,
  differenceLines,
  incompleteLines,
  legendLines,
  matrixDocument,
  piecesOf,
  type Cell,
  type Grid,
  type Piece,
} from '../report/matrix.ts'
import { counted } from '../report/names.ts'
import type { Run } from '../report/failure.ts'
import { status, UsageError } from './exit.ts'
import { addSearchOptions, count, type SearchFlags } from './options.ts'
import { paintCell, print } from './output.ts'
import { Pool } from './pool.ts'
import { compare, expectedFile, readRecorded, statesRecorded, writeRecorded } from './recorded.ts'
import { filesOf, isShipped, nameOf, questionsOf, scenariosOf, type Catalogue, type Question } from './questions.ts'
import { checkFormat, runAll } from './session.ts'

interface MatrixFlags extends SearchFlags {
  readonly format: string
  readonly width?: number
  readonly all: boolean
  readonly promote: boolean
}

const examples = `
Examples:
  lastref matrix                                   the quick group on every release, one file system
  lastref matrix --all --fs all                    everything
  lastref matrix dio-vs-punch-hole --kernel 5.17,5.18,5.18+song-v1
  lastref matrix --promote                         records what is found as expected
  lastref matrix --format json > matrix.json`

export function addMatrix(program: Command): void {
  const command = program
    .command('matrix')
    .summary('which kernels keep the rules of which scenarios?')
    .description(
      'Runs scenarios on kernels and prints verdict and number of states of each cell as it is known. Compares with the ' +
        'golden files src/scenarios/ID.expected.\n\n' +
        'Exit status: 0 every cell as recorded, 1 a cell differs, 2 wrong usage or a model with errors, 125 a cell is ' +
        'incomplete, 128 and up internal failure.',
    )
    .argument('[scenario...]', 'ids (see `lastref list`) or files of your own models; none: the quick group')
  addSearchOptions(command)
    .option('--all', 'scenarios of all groups', false)
    .option('--promote', 'write the golden files', false)
    .addOption(
      new Option('--width <columns>', 'width of the table (default: that of the terminal, else 100)').argParser(
        count('--width', 40),
      ),
    )
    .option('--format <format>', 'text, json', 'text')
    .addHelpText('after', examples)
    .action(async (names: string[], flags: MatrixFlags) => {
      process.exitCode = await matrix(names, flags)
    })
}

async function matrix(names: readonly string[], given: MatrixFlags): Promise<number> {
  const format = checkFormat(given.format, ['text', 'json'] as const)
  const flags = { ...given, kernel: given.kernel ?? 'all' }
  if (flags.promote && (Object.keys(flags.set).length > 0 || !(flags.reduction && flags.merging && flags.symmetry)))
    throw new UsageError('--promote records the default bounds with all reductions: leave out --set and --no-...')
  const files = filesOf(names, flags.kernel)
  const pool = new Pool(files, flags.workers)
  const catalogue = await pool.catalogue()
  const scenarios = chosen(catalogue, names, flags.all)
  const { pieces, questions } = tableOf(
    questionsOf(catalogue, scenarios, flags),
    flags.width ?? process.stdout.columns ?? 100,
  )
  const recorded = new Map(scenarios.map((s) => [nameOf(s), readRecorded(expectedFile(s))]))
  const printer = new TablePrinter(format === 'text' ? pieces : [])
  const cells: Cell[] = []
  const onRun = (run: Run, index: number) => {
    const scenario = scenarios.find((s) => nameOf(s) === run.scenario)!
    const record = recorded.get(run.scenario)?.find((r) => r.kernel === run.kernel && r.fs === run.fs) ?? null
    cells.push({ run, recorded: record, comparison: compare(questions[index], scenario, run, record) })
    printer.add(index, cells[cells.length - 1])
  }
  const begin = performance.now()
  const statesExpected = statesRecorded(catalogue.scenarios, questions)
  const column = () => printer.column
  const runs = await runAll(pool, { questions, flags, explain: false, onRun, statesExpected, column })
  printer.end()
  if (flags.promote) promote(scenarios, runs)
  if (format === 'json') print(`${JSON.stringify(matrixDocument(cells), null, 2)}\n`)
  else print(summary(cells, questions.length, flags.promote, (performance.now() - begin) / 1000))
  return statusOf(cells, questions.length, flags.promote)
}

function chosen(catalogue: Catalogue, names: readonly string[], all: boolean): ScenarioInfo[] {
  if (names.length > 0 || !all) return scenariosOf(catalogue, names)
  return scenariosOf(
    catalogue,
    catalogue.scenarios.filter(isShipped).map((scenario) => scenario.id),
  )
}

/** The table, and the questions in the order in which it shows their cells. */
function tableOf(
  questions: readonly Question[],
  width: number,
): { pieces: readonly Piece[]; questions: readonly Question[] } {
  const kernels = [...new Set(questions.map((q) => q.kernel))]
  const rowKeys = [...new Set(questions.map((q) => `${q.name}\n${q.fs}`))]
  const rows = rowKeys.map((key) => ({ scenario: key.split('\n')[0], fs: key.split('\n')[1] }))
  const place = (q: Question) => rowKeys.indexOf(`${q.name}\n${q.fs}`) * kernels.length + kernels.indexOf(q.kernel)
  const at = new Map(questions.map((q, i) => [place(q), i]))
  const grid: Grid = { rows, kernels, questionAt: (row, kernel) => at.get(row * kernels.length + kernel) ?? null }
  const ordered: Question[] = []
  const pieces = piecesOf(grid, width).map((piece) =>
    piece.kind === 'text' ? piece : { ...piece, question: ordered.push(questions[piece.question]) - 1 },
  )
  return { pieces, questions: ordered }
}

/** Prints the pieces of a table up to the first cell that is not known yet. */
class TablePrinter {
  /** Characters of the row that is not complete. */
  column = 0
  readonly #pieces: readonly Piece[]
  readonly #cells = new Map<number, Cell>()
  #next = 0

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces
    this.#go()
  }

  add(question: number, cell: Cell): void {
    this.#cells.set(question, cell)
    this.#go()
  }

  /** Ends a row that an interrupt has cut. */
  end(): void {
    if (this.column > 0) print('\n')
  }

  #go(): void {
    for (; this.#next < this.#pieces.length; this.#next++) {
      const piece = this.#pieces[this.#next]
      const cell = piece.kind === 'cell' ? this.#cells.get(piece.question) : undefined
      if (piece.kind === 'text') this.#print(piece.text, piece.text)
      else if (cell) {
        const text = cellText(cell)
        const blanks = ' '.repeat(Math.max(0, piece.width - text.length))
        this.#print(text + blanks, paintCell(text) + blanks)
      } else return
    }
  }

  #print(text: string, painted: string): void {
    print(painted)
    const newline = text.lastIndexOf('\n')
    this.column = newline < 0 ? this.column + text.length : text.length - newline - 1
  }
}

function promote(scenarios: readonly ScenarioInfo[], runs: readonly Run[]): void {
  for (const scenario of scenarios) {
    const own = runs.filter((run) => run.scenario === nameOf(scenario))
    if (own.length > 0) writeRecorded(expectedFile(scenario), own)
  }
}

function summary(cells: readonly Cell[], asked: number, promoted: boolean, seconds: number): string {
  const number = (...comparisons: Cell['comparison'][]) =>
    cells.filter((cell) => comparisons.includes(cell.comparison)).length
  const changed = number('differs', 'unrecorded')
  const parts = [
    promoted
      ? `${counted(changed, 'cell')} recorded anew`
      : `${changed === 0 ? 'all' : changed === cells.length ? 'none' : number('same')} as recorded`,
    ...(!promoted && number('unrecorded') > 0 ? [`${number('unrecorded')} not recorded (+, see --promote)`] : []),
    ...(number('uncompared') > 0 ? [`${number('uncompared')} not compared`] : []),
    ...(cells.length < asked ? [`interrupted: ${asked - cells.length} not done`] : []),
  ]
  const lines = ['', ...legendLines(cells), ...incompleteLines(cells), ...(promoted ? [] : differenceLines(cells))]
  return [...lines, `${counted(cells.length, 'cell')} in ${seconds.toFixed(1)} s: ${parts.join(', ')}`, ''].join('\n')
}

function statusOf(cells: readonly Cell[], asked: number, promoted: boolean): number {
  if (!promoted && cells.some(({ comparison }) => comparison === 'differs' || comparison === 'unrecorded'))
    return status.violated
  return cells.length < asked || cells.some(({ run }) => run.verdict === 'incomplete') ? status.cannotTell : status.held
}
