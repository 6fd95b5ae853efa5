/**
 * Commands that do the same work, measured against each other: every run is a fresh process, and the contestants take
 * turns (A B A B), so that drift of the machine hits all of them. What they count is compared before a time is told.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Contestant {
  readonly name: string
  readonly file: string
  readonly arguments: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Throws when the output is not that of work done. */
  readonly read: (output: string) => Outcome
  /** Fewer than the rounds of the contest: for what takes minutes. */
  readonly roundsMax?: number
}

export interface Outcome {
  /** What must be equal for all contestants that give it: `9191408 states`. Null: this one counts otherwise. */
  readonly counted: string | null
  /** Null where no states are counted. */
  readonly states: number | null
  /** As the program itself tells them: without its start. Null: it tells nothing, wall time is taken. */
  readonly seconds: number | null
  /** What the reader should know about this contestant. */
  readonly note?: string
}

export interface Sample {
  /** Of the work: what the program tells, else wall time of the process. */
  readonly seconds: number
  /** Of the whole process. */
  readonly wallSeconds: number
  readonly cpuSeconds: number
  readonly peakBytes: number
}

export interface Standing {
  readonly name: string
  readonly states: number | null
  readonly note: string
  readonly samples: readonly Sample[]
}

export interface Workshop {
  /** For files of the benchmark; thrown away at the end. */
  readonly folder: string
  readonly rounds: number
  readonly say: (text: string) => void
}

export async function contest(workshop: Workshop, contestants: readonly Contestant[]): Promise<Standing[]> {
  const runs = contestants.map(() => [] as { outcome: Outcome; sample: Sample }[])
  for (let round = 0; round < workshop.rounds; round++) {
    const turn = [...contestants.keys()].filter((i) => round < (contestants[i].roundsMax ?? Infinity))
    if (round % 2 === 1) turn.reverse() // the second is not always behind the first
    for (const i of turn) {
      const { name } = contestants[i]
      workshop.say(`  round ${round + 1} of ${workshop.rounds}: ${name}`)
      const run = await measure(workshop, contestants[i])
      agree(name, run.outcome, contestants[0].name, runs[0][0]?.outcome ?? run.outcome)
      runs[i].push(run)
    }
  }
  return contestants.map(({ name }, i) => {
    const { states, note = '' } = runs[i][0].outcome
    return { name, states, note, samples: runs[i].map(({ sample }) => sample) }
  })
}

function agree(name: string, { counted }: Outcome, first: string, outcome: Outcome): void {
  if (counted !== null && outcome.counted !== null && counted !== outcome.counted)
    throw new Error(`${name} counts ${counted}, ${first} counts ${outcome.counted}: no time is told`)
}

async function measure({ folder }: Workshop, contestant: Contestant): Promise<{ outcome: Outcome; sample: Sample }> {
  const costFile = join(folder, 'cost')
  const { name, file, environment, read } = contestant
  const output = await outputOf(join(folder, 'measure'), [costFile, file, ...contestant.arguments], environment)
  const [wallSeconds, user, system, peak, status] = readFileSync(costFile, 'utf8').split(' ').map(Number)
  let outcome: Outcome
  try {
    outcome = read(output)
  } catch (error) {
    const command = [file, ...contestant.arguments].join(' ')
    throw new Error(`${name} ended with ${status}: ${(error as Error).message}\n${command}`, { cause: error })
  }
  const seconds = outcome.seconds ?? wallSeconds
  return { outcome, sample: { seconds, wallSeconds, cpuSeconds: user + system, peakBytes: peak * 1024 } }
}

function outputOf(file: string, given: readonly string[], environment: Contestant['environment']): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, given, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.on('error', reject)
    child.on('close', () => resolve(output))
  })
}
