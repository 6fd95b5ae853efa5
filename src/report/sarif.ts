/** Runs as SARIF 2.1.0: results with code flows, shown beside the source by code hosts and editors. */
import type { Failure, Run } from './failure.ts'
import { headline, titleOf } from './text.ts'

export function sarifDocument(runs: readonly Run[], version: string): object {
  const failed = runs.flatMap((run) => (run.failure ? [{ run, failure: run.failure }] : []))
  const rules = [...new Set(failed.map(({ failure }) => failure.class))].sort()
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'lastref', version, rules: rules.map((id) => ({ id })) } },
        results: failed.map(({ run, failure }) => resultOf(run, failure, rules.indexOf(failure.class))),
        invocations: [{ executionSuccessful: runs.every((run) => run.verdict !== 'incomplete') }],
      },
    ],
  }
}

function resultOf(run: Run, failure: Failure, ruleIndex: number): object {
  return {
    ruleId: failure.class,
    ruleIndex,
    level: 'error',
    message: {
      text: `${titleOf(run)}: ${headline(failure).replace(/^.*?: violated: /, '')}. Replay: ${failure.command}`,
    },
    locations: [{ physicalLocation: locationOf(failure.place) }],
    codeFlows: [{ threadFlows: threadsOf(failure) }],
  }
}

/** One flow per task; `executionOrder` is the order of the steps over all of them. */
function threadsOf({ system, steps }: Failure): object[] {
  const tasks = [...new Set(steps.map((step) => step.task))].sort((a, b) => a - b)
  return tasks.map((task) => ({
    id: system.tasks[task].name,
    locations: steps.flatMap((step, i) => {
      if (step.task !== task) return []
      const changes = step.changes.map(({ name, from, to }) => `${name} ${from} -> ${to}`).join(', ')
      const text = changes ? `${step.text}: ${changes}` : step.text
      return [{ executionOrder: i + 1, location: { physicalLocation: locationOf(step), message: { text } } }]
    }),
  }))
}

const locationOf = ({ file, line }: { file: string; line: number }): object => ({
  artifactLocation: { uri: file },
  ...(line > 0 ? { region: { startLine: line } } : {}),
})
