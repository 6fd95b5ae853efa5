/** Who takes part: the shipped command, and other checkers. Each tells its own time, without its start. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { numberIn, type Peer } from '../peers/peer.ts'
import type { Contestant, Outcome } from './contest.ts'
import type { BenchmarkWorkshop } from './figures.ts'

interface RunObject {
  readonly verdict: string
  readonly states: number
  readonly searchSeconds: number
  readonly workers: number
  readonly incomplete: string | null
}

/** `lastref check ... --format json` with a cache of compiled models of its own. */
export function lastref(
  { root, folder }: BenchmarkWorkshop,
  given: readonly string[],
  options: { readonly name: string; readonly roundsMax?: number; readonly isReduced?: boolean },
): Contestant {
  return {
    name: options.name,
    roundsMax: options.roundsMax,
    file: process.execPath,
    arguments: [join(root, 'dist/src/cli/main.js'), 'check', ...given, '--format', 'json'],
    environment: { LASTREF_CACHE: join(folder, 'cache') },
    read(output): Outcome {
      const { runs } = JSON.parse(output) as { runs: RunObject[] }
      const [{ verdict, states, searchSeconds, incomplete, workers }] = runs
      if (verdict !== 'holds') throw new Error(`the answer is ${verdict} (${incomplete ?? 'a failure'})`)
      const counted = options.isReduced ? null : countedStates(states)
      return { counted, states, seconds: searchSeconds, note: `${workers} worker${workers === 1 ? '' : 's'}` }
    },
  }
}

const countedStates = (states: number): string => `${states} states`

/** A checker that has been built for one model. */
export function peer(
  name: string,
  built: Peer,
  seconds: (output: string) => number | null,
  options: Options = {},
): Contestant {
  return {
    name,
    roundsMax: options.roundsMax,
    file: built.file,
    arguments: built.arguments,
    read(output): Outcome {
      const { states, errors, isRounded } = built.countsIn(output)
      if (errors > 0) throw new Error(`it finds ${errors} errors`)
      return {
        counted: options.isReduced || isRounded ? null : countedStates(states),
        states,
        seconds: seconds(output),
      }
    },
  }
}

interface Options {
  readonly roundsMax?: number
  readonly isReduced?: boolean
}

/** `pan: elapsed time 9.4 seconds`; below a hundredth it says nothing. */
export const secondsOfSpin = (output: string): number | null =>
  /elapsed time/.test(output) ? numberIn(output, /elapsed time ([\d.]+) seconds/) : null

/** It tells whole seconds only; its start takes a few milliseconds. */
export const secondsOfRumur = (): number | null => null

export function emptyFolder(parent: string, name: string): string {
  const folder = join(parent, name)
  mkdirSync(folder, { recursive: true })
  return folder
}
