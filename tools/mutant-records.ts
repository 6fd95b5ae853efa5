/** What is written down about mutants: why one may survive, and which scenario kills each of the others. */
import type { Outcome } from './mutant-bench.ts'

/** tools/mutants.reasons.txt: the key of a mutant on a line of its own, its reason indented below. `#` begins a comment. */
export function readReasons(text: string): Map<string, string> {
  const reasons = new Map<string, string>()
  let key = ''
  for (const line of text.split('\n').filter((l) => l.trim() !== '' && !l.startsWith('#'))) {
    if (line.startsWith(' ')) reasons.set(key, `${reasons.get(key) ?? ''} ${line.trim()}`.trim())
    else {
      key = line.trim()
      reasons.set(key, '')
    }
  }
  return reasons
}

/** A death: the cell that shows it, and the class of what goes wrong there. */
export interface Killer {
  readonly by: string
  readonly class: string
}

const title = `# What kills each mutant: scenario, release, file system: class | mutant. Written by npm run mutants -- --promote.
# A run tries this scenario first, and all the others when it does not fail.`

/** tools/mutants.killers.txt */
export function readKillers(text: string): Map<string, Killer> {
  const lines = text.split('\n').map((line) => /^([^#].*?): (\S+) \| (.*)$/.exec(line))
  return new Map(lines.flatMap((m) => (m ? [[m[3], { by: m[1], class: m[2] }]] : [])))
}

/**
 * Cells in the order in which they are likely to kill a mutant: the one that did; those that killed others of its
 * function, which may stand in another file in older releases, of its file, and any, the most frequent first.
 */
export function promising(key: string, killers: ReadonlyMap<string, Killer>): string[] {
  const score = new Map<string, number>()
  for (const [other, { by }] of killers) score.set(by, (score.get(by) ?? 0) + nearness(key, other))
  return [...score].sort(([, a], [, b]) => b - a).map(([cell]) => cell)
}

/** Of two mutants, by what their keys have in common. */
function nearness(a: string, b: string): number {
  if (a === b) return 1e6
  const [[file, name], [otherFile, otherName]] = [a, b].map((key) => key.split(': '))
  if (name === otherName) return file === otherFile ? 1e4 : 1e3
  return file === otherFile ? 100 : 1
}

export function printKillers(killers: ReadonlyMap<string, Killer>): string {
  return [title, ...[...killers].map(([key, k]) => `${k.by}: ${k.class} | ${key}`), ''].join('\n')
}

/** What stands against the run: each must be none. */
export interface Judgement {
  readonly explained: readonly string[]
  /** Survivors without a reason. */
  readonly unexplained: readonly string[]
  /** Reasons of mutants that die or no longer exist. */
  readonly stale: readonly string[]
}

/** `keys`: every mutant there is; `outcomes`: those that were tried out. */
export function judge(
  keys: readonly string[],
  outcomes: ReadonlyMap<string, Outcome>,
  reasons: ReadonlyMap<string, string>,
): Judgement {
  const isOne = (...kinds: Outcome['kind'][]) => {
    return (key: string) => outcomes.has(key) && kinds.includes(outcomes.get(key)!.kind)
  }
  return {
    explained: keys.filter(isOne('survived', 'unreached')).filter((key) => reasons.get(key)),
    unexplained: keys.filter(isOne('survived', 'unreached')).filter((key) => !reasons.get(key)),
    stale: [...reasons.keys()].filter((key) => !keys.includes(key) || isOne('killed')(key)),
  }
}
