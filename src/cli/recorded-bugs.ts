/**
 * The golden file of the corpus, src/bugs/bugs.expected: a line for each bug, with columns by blanks.
 *
 *     # slug class steps buggy fixed larger
 *     evict-does-not-wait use-after-free 27 193 421 903
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { BugResult, RecordedBug } from '../report/bugs.ts'
import { UsageError } from './exit.ts'
import { packageRoot } from './questions.ts'

const title = '# slug class steps states: buggy fixed larger'

const file = (): string => resolve(packageRoot, 'src', 'bugs', 'bugs.expected')

export function readRecordedBugs(): Map<string, RecordedBug> {
  if (!existsSync(file())) return new Map()
  const lines = readFileSync(file(), 'utf8').split('\n')
  return new Map(
    lines.flatMap((line, i) => {
      if (line === '' || line.startsWith('#')) return []
      const [, slug, violation, ...numbers] = /^(\S+) (\S+) (\d+) (\d+) (\d+) (\d+)$/.exec(line) ?? []
      if (slug === undefined)
        throw new UsageError(
          `${file()}:${i + 1}: not a line of a golden file: '${line}'; write it anew with bugs --promote`,
        )
      const [steps, statesBuggy, statesFixed, statesLarger] = numbers.map(Number)
      return [[slug, { class: violation, steps, statesBuggy, statesFixed, statesLarger }] as const]
    }),
  )
}

/** Those that failed are not recorded; those that were not asked about stay. */
export function writeRecordedBugs(results: readonly BugResult[]): void {
  const records = readRecordedBugs()
  for (const { slug, reason, steps, statesBuggy, statesFixed, statesLarger, class: violation } of results) {
    if (reason !== null || violation === null || steps === null) continue
    if (statesBuggy === null || statesFixed === null || statesLarger === null) continue
    records.set(slug, { class: violation, steps, statesBuggy, statesFixed, statesLarger })
  }
  const lines = [...records]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([slug, r]) => [slug, ...Object.values(r)].join(' '))
  writeFileSync(file(), [title, ...lines, ''].join('\n'))
}
