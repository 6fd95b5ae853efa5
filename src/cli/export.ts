/** `lastref export`: a scenario as a model of another checker, for a second opinion. */
import { writeFileSync } from 'node:fs'
import { murphiSource } from '../compiler/backend/murphi.ts'
import { promelaSource } from '../compiler/backend/promela.ts'
import { tlaSource } from '../compiler/backend/tla.ts'
import type { Counts } from '../compiler/backend/export/header.ts'
import type { TransitionSystem } from '../model/system.ts'
import type { Command } from 'commander'
import { compileQuestion } from './answer.ts'
import { questionsAbout } from './corpus.ts'
import { countsOf } from './counts.ts'
import { UsageError } from './exit.ts'
import { checked, openModels } from './models.ts'
import { addQuestionOptions, type SearchFlags } from './options.ts'
import { print } from './output.ts'
import { diagnosed, filesOf } from './questions.ts'

interface ExportFlags extends SearchFlags {
  readonly to: string
  readonly output?: string
  readonly whole?: boolean
}

const languages = { promela: promelaSource, murphi: murphiSource, tla: tlaSource } as const

/** A system with more states is exported as a whole, without the counts to expect. */
const statesMax = 10_000_000

const examples = `
Examples:
  lastref export dio-vs-punch-hole --kernel 5.18 --to promela -o dio.pml
  lastref export my-model.ts --no-reduction --to murphi -o my-model.m
  lastref export dio-vs-punch-hole --to tla | less

How to run the other checker stands at the head of the text, with the counts that it should print.`

export function addExport(program: Command): void {
  const command = program
    .command('export')
    .summary('a scenario for Spin, Rumur or TLC')
    .description(
      'Writes what check explores as a model of another checker, with the same states and transitions:\n' +
        'every step under its source line, with the names of the source.',
    )
    .argument('<scenario>', 'id, bug/SLUG, or file of your own model')
  addQuestionOptions(command)
    .requiredOption('--to <language>', Object.keys(languages).join(', '))
    .option('-o, --output <file>', 'where to (default: standard output)')
    .option('--whole', 'also what no state comes to: ten to twenty times the text')
    .addHelpText('after', examples)
    .action((scenario: string, flags: ExportFlags) => exportTo(scenario, flags))
}

async function exportTo(scenario: string, flags: ExportFlags): Promise<void> {
  const source = languages[flags.to as keyof typeof languages]
  if (!source) throw new UsageError(`--to takes ${Object.keys(languages).join(', ')}, not '${flags.to}'`)
  const models = openModels(filesOf([scenario], flags.kernel))
  const questions = questionsAbout(await checked(models), [scenario], flags)
  if (questions.length > 1) throw new UsageError('a model is of one kernel and one file system; give one of each')
  const compiled = await compileQuestion(models, questions[0])
  if (compiled.kind === 'diagnostics') throw diagnosed(compiled.diagnostics)
  const counts = countedOnTerminal(compiled.system)
  if (counts === null)
    process.stderr.write(
      `lastref export: more states than ${statesMax.toLocaleString('en')}, or than fit into 2 GiB: all code is written, and no counts\n`,
    )
  const text = source(compiled.system, counts && flags.whole ? { ...counts, reached: null } : counts)
  if (flags.output === undefined) return print(text)
  writeFileSync(flags.output, text)
}

const firstMs = 2000
const everyMs = 500

/** With the states met so far in one line on the terminal, from the third second on. */
function countedOnTerminal(system: TransitionSystem): Counts | null {
  let next = performance.now() + firstMs
  let isShown = false
  const counts = countsOf(system, statesMax, ({ states, depth }) => {
    if (!process.stderr.isTTY || performance.now() < next) return
    next = performance.now() + everyMs
    process.stderr.write(`\r${states.toLocaleString('en')} states, depth ${depth}, for the counts to expect`)
    isShown = true
  })
  if (isShown) process.stderr.write('\r\x1b[K')
  return counts
}
