/** Options that several commands share: how they are written, and what they mean. */
import { availableParallelism, totalmem } from 'node:os'
import { Option, type Command } from 'commander'
import type { MemoryModel } from '../compiler/index.ts'
import type { SeenSetKind } from '../model/model.ts'
import { UsageError } from './exit.ts'
import { unknown } from './suggest.ts'

/** Options of `check` and `matrix` as commander gives them. */
export interface SearchFlags {
  readonly kernel?: string
  readonly fs?: string
  readonly set: Readonly<Record<string, number>>
  readonly workers: number
  readonly memory: number
  readonly seenSet: SeenSetKind
  readonly timeout: number
  readonly maxStates: number
  readonly reduction: boolean
  readonly merging: boolean
  readonly symmetry: boolean
  /** `check` only. */
  readonly liveness?: boolean
  readonly memoryModel: MemoryModel
}

/** Of a commit message; less on a narrow terminal. */
const widthDefault = Math.max(40, Math.min(72, process.stdout.columns ?? 72))

export function addQuestionOptions(command: Command): Command {
  const withKernel = command.option(
    '-k, --kernel <versions>',
    'releases, stable kernels, and changes on top: 5.18  6.1.176  5.18+song-v1  5.17,5.18  all',
  )
  return addModelOptions(withKernel)
    .option('--no-reduction', 'none of the following: slower, same verdict')
    .option('--no-merging', 'one shared access, one step')
    .option('--no-symmetry', 'states that differ only in which of two like tasks is which are two')
}

export function addModelOptions(command: Command): Command {
  return command
    .option(
      '--fs <names>',
      'file systems: xfs, ext4, fuse, several with commas, or all (default: first of the scenario)',
    )
    .addOption(
      new Option('--set <name=n,..>', 'bounds of the scenario: pool sizes and repetition counts; may be repeated')
        .argParser(bounds)
        .default({}, 'those of the scenario'),
    )
    .addOption(
      new Option('--memory-model <model>', 'sc, tso (x86) or weak (stores and loads out of order)')
        .argParser(memoryModel)
        .default('sc'),
    )
}

export function addSearchOptions(command: Command): Command {
  return addQuestionOptions(command)
    .addOption(
      new Option('--workers <n>', 'threads: one for each run, several for a large one when there is no other')
        .argParser(count('--workers', 1))
        .default(availableParallelism(), 'the number of cores'),
    )
    .addOption(
      new Option('--memory <size>', 'most memory of all runs together: 500M, 4G')
        .argParser(sizeOf('--memory'))
        .default(defaultMemory(), 'half of the machine'),
    )
    .addOption(
      new Option(
        '--seen-set <kind>',
        'how states are recognised: exact, by all their bits; 64 or 128, by fingerprints of so many bits, in less memory, ' +
          'with a small probability that a state is left out; auto, exactly while the memory lasts',
      )
        .argParser(seenSet)
        .default('auto'),
    )
    .addOption(
      new Option('--timeout <time>', 'most time for one run: 90, 90s, 10m, 2h')
        .argParser(timeOf('--timeout'))
        .default(Infinity, 'none'),
    )
    .addOption(
      new Option('--max-states <n>', 'most states of one run: 500000, 20M').argParser(states).default(Infinity, 'none'),
    )
}

export function addWidthOption(command: Command): Command {
  return command.addOption(
    new Option('--width <columns>', 'width of reports').argParser(count('--width', 40)).default(widthDefault),
  )
}

export function addTextOptions(command: Command): Command {
  return addWidthOption(command).option('--full', 'diagrams with every step', false)
}

function bounds(text: string, before: Record<string, number>): Record<string, number> {
  const pairs = text.split(',').map((pair) => {
    const [, name, value] = /^([A-Za-z_]\w*)=(\d+)$/.exec(pair) ?? []
    if (name === undefined) throw new UsageError(`--set takes NAME=NUMBER[,NAME=NUMBER...], not '${pair}'`)
    return [name, Number(value)] as const
  })
  return { ...before, ...Object.fromEntries(pairs) }
}

export const count =
  (option: string, least: number) =>
  (text: string): number => {
    if (!/^\d+$/.test(text) || Number(text) < least)
      throw new UsageError(`${option} takes a number from ${least} up, not '${text}'`)
    return Number(text)
  }

function seenSet(text: string): SeenSetKind {
  const found = (['auto', 'exact', 64, 128] as const).find((kind) => String(kind) === text)
  if (found === undefined) throw new UsageError(`--seen-set takes auto, exact, 64 or 128, not '${text}'`)
  return found
}

function memoryModel(text: string): MemoryModel {
  const known = ['sc', 'tso', 'weak'] as const
  const found = known.find((name) => name === text)
  if (!found) throw unknown('memory model', text, known, known.join(', '))
  return found
}

/** Bytes. */
export const sizeOf =
  (option: string) =>
  (text: string): number => {
    const [, digits, unit] = /^(\d+(?:\.\d+)?)([kmgt])(?:i?b)?$/i.exec(text) ?? []
    if (digits === undefined) throw new UsageError(`${option} takes a size like 500M or 4G, not '${text}'`)
    return Math.floor(Number(digits) * 1024 ** ' kmgt'.indexOf(unit.toLowerCase()))
  }

/** Seconds. */
export const timeOf =
  (option: string) =>
  (text: string): number => {
    const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? []
    if (digits === undefined) throw new UsageError(`${option} takes a time like 90s, 10m or 2h, not '${text}'`)
    return Number(digits) * { ms: 0.001, s: 1, m: 60, h: 3600 }[(unit ?? 's') as 's']
  }

export function states(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([km]?)$/i.exec(text) ?? []
  if (digits === undefined) throw new UsageError(`--max-states takes a number like 500000 or 20M, not '${text}'`)
  return Math.floor(Number(digits) * { '': 1, k: 1e3, m: 1e6 }[unit.toLowerCase() as 'k'])
}

/** Half of what this process may use. */
function defaultMemory(): number {
  const limit = process.constrainedMemory()
  return Math.floor(Math.min(totalmem(), limit > 0 ? limit : Infinity) / 2)
}
