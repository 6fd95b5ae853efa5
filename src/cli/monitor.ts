/** `lastref monitor`: what the model implies for the records of one page and task, as an automaton that a kernel can run. */
import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { monitorDot, monitorOf, monitorScript, type Monitor } from '../conformance/index.ts'
import { probesFor } from './conform.ts'
import { status, UsageError } from './exit.ts'
import { print } from './output.ts'
import { framesOf, kernelOrRunning } from './record.ts'
import { checkFormat } from './session.ts'
import { openConformance } from './trace-model.ts'

interface MonitorFlags {
  readonly kernel: string
  readonly format: string
  readonly pages?: string
  readonly pageRef: boolean
  readonly probes?: string
  readonly output?: string
}

const examples = `
Examples:
  lastref monitor --kernel 7.3 --page-ref -o page.dot     for rvgen, the kernel's generator of run-time monitors
  lastref monitor --kernel 6.12 | dot -Tsvg > page.svg    to look at
  lastref monitor --kernel auto --format bpftrace --pages 0x40000-0x5ffff -o monitor.bt
  sudo bpftrace monitor.bt                                checks the kernel that runs here, as it runs

It sees less than \`lastref conform\`: no counts, and of each task only what it does itself.`

export function addMonitor(program: Command): void {
  program
    .command('monitor')
    .summary('an automaton of the life of a page, for a kernel that checks itself')
    .description(
      'Writes what one task may show at one page, whatever all others do, as a deterministic automaton that is made from the\n' +
        'model of that kernel: for the generator of the kernel (tools/verification/rvgen), or as a script for bpftrace.\n' +
        'A task that brings the count of a page to idle and goes on without a wake-up is one of the violations.',
    )
    .option(
      '-k, --kernel <version>',
      'release, stable kernel, and changes on top, or auto: the one that runs here',
      'auto',
    )
    .option('--format <format>', 'dot, bpftrace', 'dot')
    .option('--pages <from-to>', 'frame numbers of the device, for bpftrace: address / 4096 of /proc/iomem')
    .option('--page-ref', 'the kernel has CONFIG_DEBUG_PAGE_REF', false)
    .option('--probes <file>', 'only these probes, one a line (default: all that `lastref record` puts)')
    .option('-o, --output <file>', 'where to (default: standard output)')
    .addHelpText('after', examples)
    .action(async (flags: MonitorFlags) => {
      process.exitCode = await monitor(flags)
    })
}

const formats = ['dot', 'bpftrace'] as const

async function monitor(flags: MonitorFlags): Promise<number> {
  const format = checkFormat(flags.format, formats)
  const frames = framesOf(flags.pages)
  if (format === 'bpftrace' && frames === null)
    throw new UsageError(
      'which pages are of the device? --pages 0x40000-0x5ffff: addresses of "Persistent Memory" in /proc/iomem over 4096',
    )
  if (format === 'dot' && frames !== null)
    throw new UsageError('--pages is for bpftrace; whoever calls the automaton of dot knows the pages')
  const { conformance, spec } = await openConformance(await kernelOrRunning(flags.kernel), { coverage: false })
  const probes = probesFor('-', flags.probes) ?? new Set(spec.recording.map((r) => r.probe))
  const all = flags.pageRef ? new Set([...probes, ...Object.keys(spec.recordingGroup.probes)]) : probes
  const made = monitorOf(conformance, all)
  refuseUseless(made)
  for (const rule of made.blind)
    process.stderr.write(
      `lastref: ${made.kernel} breaks a rule, and no record of one task tells: ${rule}; the monitor of a kernel that keeps it does\n`,
    )
  const text = format === 'dot' ? monitorDot(made) : monitorScript(made, frames!)
  if (flags.output === undefined) print(text)
  else writeFileSync(flags.output, text)
  return status.held
}

/** One state that allows everything, or nothing to move it. */
function refuseUseless({ automaton, records, never, kernel }: Monitor): void {
  if (records.length === 0)
    throw new UsageError(`none of these probes says anything about a page of ${kernel}; \`lastref record\` lists them`)
  if (automaton.next.length === 1 && never.length === 0)
    throw new UsageError(
      `with these probes every order is possible in ${kernel}: there is nothing to monitor; \`lastref record\` lists more`,
    )
}
