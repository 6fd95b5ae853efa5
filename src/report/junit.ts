/** Runs as JUnit XML, which most CI systems show: a suite per scenario, a case per kernel and file system. */
import type { DiagramOptions } from './diagram.ts'
import type { Run } from './failure.ts'
import { headline, reasonOf, runText } from './text.ts'

export function junitText(runs: readonly Run[], options: DiagramOptions): string {
  const byScenario = new Map<string, Run[]>()
  for (const run of runs) byScenario.set(run.scenario, [...(byScenario.get(run.scenario) ?? []), run])
  const suites = [...byScenario].flatMap(([scenario, group]) => suiteLines(scenario, group, options))
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites name="lastref">', ...suites, '</testsuites>'].join(
    '\n',
  )
}

function suiteLines(scenario: string, runs: readonly Run[], options: DiagramOptions): string[] {
  const count = (verdict: Run['verdict']) => runs.filter((run) => run.verdict === verdict).length
  const seconds = runs.reduce((sum, run) => sum + run.seconds, 0).toFixed(3)
  const numbers = `tests="${runs.length}" failures="${count('violated')}" skipped="${count('incomplete')}" errors="0"`
  return [
    `  <testsuite name="${escape(scenario)}" ${numbers} time="${seconds}">`,
    ...runs.flatMap((run) => caseLines(run, options)),
    '  </testsuite>',
  ]
}

function caseLines(run: Run, options: DiagramOptions): string[] {
  const name = [run.kernel, run.fs].filter(Boolean).join(' ') || run.scenario
  const open = `    <testcase classname="${escape(run.scenario)}" name="${escape(name)}" time="${run.seconds.toFixed(3)}"`
  if (run.verdict === 'holds') return [`${open}/>`]
  if (!run.failure)
    return [`${open}>`, `      <skipped message="${escape(`incomplete: ${reasonOf(run)}`)}"/>`, '    </testcase>']
  return [
    `${open}>`,
    `      <failure type="${run.failure.class}" message="${escape(headline(run.failure))}">${escape(runText(run, options))}</failure>`,
    '    </testcase>',
  ]
}

const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }

export const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => names[c])
