/** Another checker, built for one model and ready to run. */
import { execFileSync, spawnSync } from 'node:child_process'

export interface Peer {
  readonly file: string
  readonly arguments: readonly string[]
  /** Throws when the output is not that of a complete search. */
  readonly countsIn: (output: string) => PeerCounts
}

/** As the tool prints them: its own way to count transitions, its own idea of what an error is. */
export interface PeerCounts {
  readonly states: number
  readonly transitions: number
  readonly errors: number
  /** It prints fewer digits than the numbers have. */
  readonly isRounded?: boolean
}

export function countsOf(peer: Peer): PeerCounts {
  const { stdout, error } = spawnSync(peer.file, peer.arguments, { encoding: 'utf8', maxBuffer: 2 ** 30 })
  if (error) throw error
  return peer.countsIn(stdout)
}

/** The number after or before a text of the output. */
export function numberIn(output: string, pattern: RegExp): number {
  const found = pattern.exec(output)?.[1]
  if (found === undefined) throw new Error(`there is no ${String(pattern)} in\n${output.slice(-2000)}`)
  return Number(found)
}

/** The tool and the C compiler say what is wrong with a model on stdout or on stderr. */
export function runTool(file: string, given: readonly string[], cwd: string): void {
  try {
    execFileSync(file, given, { cwd, stdio: 'pipe', encoding: 'utf8', maxBuffer: 2 ** 30 })
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${[file, ...given].join(' ')}\n${stdout}${stderr}`, { cause: error })
  }
}
