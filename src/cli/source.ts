/** `lastref source`: what a kernel runs under the name of a function, and which commits changed it. */
import type { Command } from 'commander'
import { print } from './output.ts'
import { UsageError } from './exit.ts'
import { asGiven, diagnosed, filesOf, kernelsOf, kernelToCompile } from './questions.ts'
import { checkFormat } from './session.ts'
import { unknown } from './suggest.ts'

const examples = `
Examples:
  lastref source gup_put_folio --kernel 5.18
  lastref source dax_layout_busy_page_range --kernel 6.12`

export function addSource(program: Command): void {
  program
    .command('source')
    .summary('what a kernel runs under the name of a function')
    .description(
      'Prints a function as a kernel runs it, the commit whose text that is, and the later ones that changed it.',
    )
    .argument('<function>', 'name of a function of src/kernel')
    .option('-k, --kernel <version>', 'as in check (default: the newest release)')
    .option('--format <format>', 'text, json', 'text')
    .addHelpText('after', examples)
    .action((name: string, flags: { kernel?: string; format: string }) => source(name, flags))
}

async function source(name: string, flags: { kernel?: string; format: string }): Promise<void> {
  const format = checkFormat(flags.format, ['text', 'json'] as const)
  const { load } = await import('./program.ts') // only this command always needs the TypeScript compiler
  const program = load(filesOf([], flags.kernel))
  const kernels = kernelsOf(program, flags.kernel)
  if (kernels.length > 1) throw new UsageError('source prints one function of one kernel; give one --kernel')
  const listing = program.source(name, kernelToCompile(kernels[0]))
  if (listing === null) throw unknown('function', name, program.functionNames, `none of that name in ${kernels[0]}`)
  if (!('text' in listing)) throw diagnosed(listing)
  if (format === 'json')
    return print(`${JSON.stringify({ schema: 'lastref/source/1', kernel: kernels[0], name, ...listing }, null, 2)}\n`)
  const { line, text, change, later } = listing
  const file = asGiven(listing.file)
  const origin = change
    ? `${change.undone ? 'as it was before' : 'with'} ${change.commit} "${change.title}"`
    : 'as in the newest release'
  print(`${file}:${line}: ${name} in ${kernels[0]}, ${origin}\n\n${text.trimEnd()}\n`)
  if (later.length > 0) print('\nchanged later by\n')
  for (const { commit, title, since } of later) print(`  ${commit} ${since ? `${since} ` : ''}"${title}"\n`)
}
