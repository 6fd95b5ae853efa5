/** `lastref conform`: does a trace of a real kernel fit the model? */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { coverageText, parseAddress, traceText, type TraceOptions, type TraceVerdict } from '../conformance/index.ts'
import { status, UsageError } from './exit.ts'
import { count } from './options.ts'
import { paint, print } from './output.ts'
import { checkFormat } from './session.ts'
import { conformDocument } from './conform-json.ts'
import { readTrace } from './trace-input.ts'
import { openConformance } from './trace-model.ts'

interface ConformFlags {
  readonly kernel?: string
  readonly page?: string
  readonly explain: boolean
  readonly liveness: boolean
  readonly coverage: boolean
  readonly probes?: string
  readonly slack: number
  readonly base?: string
  readonly width: number
  readonly format: string
}

const examples = `
Examples:
  lastref conform trace.txt --kernel 7.3                 text of ftrace, perf script, trace-cmd report
  lastref conform trace.txt.gz trace.dat --kernel 6.12   gzip, trace-cmd's own format; several traces
  cat trace_pipe | lastref conform - --kernel 6.1.176    as it comes
  lastref conform trace.txt --kernel 7.3 --page 0x40210 --explain
  lastref conform *.txt --kernel 7.3 --coverage          what of the model no trace has reached

\`lastref record\` prints what to record.`

export function addConform(program: Command): void {
  program
    .command('conform')
    .summary('does a trace of a real kernel fit the model of that kernel?')
    .description(
      'Follows what a running kernel recorded and says whether it is a behaviour of the model; if not, which event is the ' +
        'first that cannot be, and why. A kernel with a known bug has a model with that bug: then the trace fits, and the ' +
        'rule that it breaks is what is reported.\n\n' +
        'Exit status: 0 every trace fits and breaks no rule, 1 violated, 2 wrong usage, 125 cannot tell (nothing to judge, ' +
        'or the input ends too early), 128 and up internal failure.',
    )
    .argument('<trace...>', 'files, or - for standard input')
    .option('-k, --kernel <version>', 'release, stable kernel, and changes on top, as in check')
    .option('--page <pfn>', 'only this page: a frame number, pfn=0x40210 or 0x40210')
    .option(
      '--explain',
      'all findings with their windows, all remarks, and of the first pages (or of --page) how the model goes along',
      false,
    )
    .option('--liveness', 'a waiter that nobody wakes is a violation, not a warning', false)
    .option('--coverage', 'which steps of the model the traces took, and which they did not', false)
    .option(
      '--probes <file>',
      'what was recorded: names of events, one a line (default: probes.txt beside the trace, or what it shows)',
    )
    .option(
      '--slack <nanoseconds>',
      'events of different CPUs closer than this have no order',
      count('--slack', 0),
      2000,
    )
    .option('--base <address>', 'address of the struct page of frame 0 (default: found out)')
    .option('--width <columns>', 'width of reports', count('--width', 40), 80)
    .option('--format <format>', 'text, json', 'text')
    .addHelpText('after', examples)
    .action(async (traces: string[], flags: ConformFlags) => {
      process.exitCode = await conform(traces, flags)
    })
}

async function conform(traces: readonly string[], flags: ConformFlags): Promise<number> {
  const format = checkFormat(flags.format, ['text', 'json'] as const)
  for (const trace of traces) if (trace !== '-' && !existsSync(trace)) throw new UsageError(`there is no file ${trace}`)
  const { conformance, kernel } = await openConformance(flags.kernel, { coverage: flags.coverage })
  const verdicts: { name: string; verdict: TraceVerdict }[] = []
  for (const trace of traces) {
    const name = trace === '-' ? 'standard input' : trace
    const { verdict, others } = await readTrace(trace, conformance, traceOptions(trace, flags))
    verdicts.push({ name, verdict })
    if (format === 'json') continue
    print(paint(traceText(verdict, { name, kernel, width: flags.width, all: flags.explain })))
    if (verdict.verdict === 'nothing') print(adviceFor(others))
  }
  const coverage = flags.coverage ? conformance.coverage() : null
  if (format === 'json') print(`${JSON.stringify(conformDocument(verdicts, kernel, coverage), null, 2)}\n`)
  else if (coverage !== null) print(coverageText(coverage))
  return statusOf(verdicts.map((v) => v.verdict))
}

const storiesMax = 3

function traceOptions(trace: string, flags: ConformFlags): TraceOptions {
  return {
    probes: probesFor(trace, flags.probes),
    base: flags.base === undefined ? null : parseAddress(hexadecimal(flags.base, '--base')),
    slackNanos: flags.slack,
    frame: flags.page === undefined ? null : Number(hexadecimal(flags.page.replace(/^pfn=/, ''), '--page')),
    liveness: flags.liveness,
    findingsMax: 200,
    storiesMax: flags.explain ? storiesMax : 0,
  }
}

function hexadecimal(text: string, option: string): string {
  if (!/^(0x)?[0-9a-f]+$/i.test(text)) throw new UsageError(`${option} takes a number like 0x40210, not '${text}'`)
  return /^0x/i.test(text)
    ? text.toLowerCase()
    : option === '--page' && /^\d+$/.test(text)
      ? `0x${Number(text).toString(16)}`
      : `0x${text}`
}

/** Names that were recorded: a list, or lines of the form that `lastref record` and the kernel lab write. */
export function probesFor(trace: string, option: string | undefined): ReadonlySet<string> | null {
  if (option !== undefined && !existsSync(option)) throw new UsageError(`there is no file ${option}`)
  const file = option ?? (trace === '-' ? '' : join(dirname(trace), 'probes.txt'))
  if (file === '' || !existsSync(file)) return null
  const names = readFileSync(file, 'latin1')
    .split('\n')
    .flatMap((line) => {
      const kprobe = /^OK [pr] (\S+) /.exec(line)
      if (kprobe !== null) return [kprobe[1]]
      if (/^OK tracepoint page_ref:/.test(line)) return ['page_ref_mod']
      return /^[A-Za-z_]\w*$/.test(line.trim()) ? [line.trim()] : []
    })
  return new Set(names)
}

function adviceFor(others: readonly string[]): string {
  const there = others.length > 0 ? `It has ${others.slice(0, 8).join(', ')}${others.length > 8 ? ', ...' : ''}.\n` : ''
  return `${there}\`lastref record\` prints what to record.\n`
}

function statusOf(verdicts: readonly TraceVerdict[]): number {
  if (verdicts.some((v) => v.verdict === 'violated')) return status.violated
  return verdicts.every((v) => v.verdict === 'conforms') ? status.held : status.cannotTell
}
