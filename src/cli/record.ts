/** `lastref record`: what to record so that `lastref conform` can judge it. */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { release } from 'node:os'
import type { Command } from 'commander'
import { bpftraceScript, traceCmdScript, tracefsScript, type Recipe } from '../conformance/index.ts'
import { status, UsageError } from './exit.ts'
import { checked, openModels } from './models.ts'
import { print } from './output.ts'
import { checkFormat } from './session.ts'
import { compareReleases, observationsOf, tracedKernel } from './trace-model.ts'

interface RecordFlags {
  readonly kernel: string
  readonly with: string
  readonly pages?: string
  readonly pageRef: boolean
  readonly run: boolean
  readonly output?: string
}

const examples = `
Examples:
  lastref record > record.sh                     for the kernel that runs here, with its own tracer
  lastref record --kernel 6.12 --with bpftrace   prints a script for bpftrace
  lastref record --pages 0x40000-0x5ffff         page_ref events of the device's pages only
  sudo lastref record --run --output trace.txt   sets up, records until Ctrl-C, takes down
  lastref conform trace.txt --kernel 6.12        and this judges it`

export function addRecord(program: Command): void {
  program
    .command('record')
    .summary('what to record so that conform can judge it')
    .description(
      'Prints a script that records what `lastref conform` needs: probes in the functions that the model of that kernel\n' +
        'names, and the events of page references where the kernel has them (CONFIG_DEBUG_PAGE_REF). Without those, plain\n' +
        'references are inferred. The trace says itself what was recorded, in a line `# probes:`.',
    )
    .option('-k, --kernel <version>', 'release, stable kernel, or auto: the one that runs here', 'auto')
    .option('--with <tool>', 'tracefs, trace-cmd, bpftrace', 'tracefs')
    .option('--pages <from-to>', 'frame numbers of the device, for the events that tell them')
    .option('--page-ref', 'the kernel has CONFIG_DEBUG_PAGE_REF: for bpftrace, the others find out', false)
    .option('--run', 'runs the script for tracefs: root, until Ctrl-C', false)
    .option('--output <file>', 'where --run writes the trace (default: standard output)')
    .addHelpText('after', examples)
    .action(async (flags: RecordFlags) => {
      process.exitCode = await record(flags)
    })
}

async function record(flags: RecordFlags): Promise<number> {
  const tool = checkFormat(flags.with, Object.keys(scripts) as (keyof typeof scripts)[])
  if (flags.run && tool !== 'tracefs') throw new UsageError('--run knows tracefs only; run what is printed yourself')
  if (flags.output !== undefined && !flags.run) throw new UsageError('--output says where --run writes')
  const { kernel } = await tracedKernel(await kernelOrRunning(flags.kernel))
  const { recording, recordingGroup } = observationsOf(kernel)
  const recipe: Recipe = {
    kernel,
    probes: recording,
    group: recordingGroup,
    hasGroup: flags.pageRef,
    frames: framesOf(flags.pages),
  }
  const script = scripts[tool](recipe)
  if (flags.run) return run(script, flags.output)
  print(script)
  return status.held
}

const scripts = { tracefs: tracefsScript, 'trace-cmd': traceCmdScript, bpftrace: bpftraceScript } as const

export function framesOf(pages: string | undefined): Recipe['frames'] {
  if (pages === undefined) return null
  const found = /^(0x[0-9a-f]+|\d+)-(0x[0-9a-f]+|\d+)$/i.exec(pages)
  if (found === null || Number(found[1]) > Number(found[2]))
    throw new UsageError(`--pages takes two frame numbers like 0x40000-0x5ffff, not '${pages}'`)
  return [Number(found[1]), Number(found[2])]
}

/** For `auto` the known kernel that is nearest to the one that runs, and not newer. */
export async function kernelOrRunning(option: string): Promise<string> {
  if (option !== 'auto') return option
  const { kernels } = await checked(openModels([]))
  return nearestKernel(
    release(),
    kernels.filter((k) => !k.name.startsWith('+')).map((k) => k.name),
  )
}

export function nearestKernel(running: string, known: readonly string[]): string {
  const version = /^\d+\.\d+(\.\d+)?/.exec(running)?.[0]
  if (version === undefined) throw new UsageError(`this kernel calls itself ${running}; give --kernel`)
  if (known.includes(version)) return version
  const branch = version.split('.').slice(0, 2).join('.')
  const older = known.filter((k) => k.split('.').length === 2 && compareReleases(k, branch) <= 0)
  if (older.length === 0) throw new UsageError(`${running} is older than every kernel that is known; give --kernel`)
  return older.sort(compareReleases).at(-1)!
}

/** Ctrl-C goes to the script, which takes everything down; then we end. */
function run(script: string, output: string | undefined): Promise<number> {
  const file = output === undefined ? null : openSync(output, 'w')
  const ignore = (): void => {}
  process.on('SIGINT', ignore)
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', script], { stdio: ['ignore', file ?? 'inherit', 'inherit'] })
    child.once('error', reject)
    child.once('exit', (code) => {
      process.off('SIGINT', ignore)
      if (file !== null) closeSync(file)
      resolve(code === 0 ? status.held : status.usage)
    })
  })
}
