/** Runs as KTAP version 1, the test protocol of the kernel: a subtest per scenario, a result per kernel and file system. */
import type { Run } from './failure.ts'
import { answerOf, headline } from './text.ts'

export function ktapText(runs: readonly Run[]): string {
  const byScenario = new Map<string, Run[]>()
  for (const run of runs) byScenario.set(run.scenario, [...(byScenario.get(run.scenario) ?? []), run])
  const lines = ['KTAP version 1', `1..${byScenario.size}`]
  ;[...byScenario].forEach(([scenario, group], i) => {
    lines.push('  KTAP version 1', `  # Subtest: ${scenario}`, `  1..${group.length}`)
    group.forEach((run, k) => lines.push(...resultLines(run, k + 1).map((line) => `  ${line}`)))
    lines.push(`${group.every((run) => run.verdict !== 'violated') ? 'ok' : 'not ok'} ${i + 1} ${scenario}`)
  })
  return lines.join('\n')
}

function resultLines(run: Run, number: number): string[] {
  const name = [run.kernel, run.fs].filter(Boolean).join(' ') || run.scenario
  const comments = run.failure ? [headline(run.failure), `replay: ${run.failure.command}`] : [answerOf(run)]
  const result =
    run.verdict === 'incomplete'
      ? `ok ${number} ${name} # SKIP incomplete`
      : `${run.verdict === 'holds' ? 'ok' : 'not ok'} ${number} ${name}`
  return [...comments.map((comment) => `# ${comment}`), result]
}
