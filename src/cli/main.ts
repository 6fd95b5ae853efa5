#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { report, status } from './exit.ts'
import { optimiseLater } from './optimise-later.ts'
import { description, endQuietlyOnClosedPipe, version } from './output.ts'

/** In the order in which the help shows them. Who asks for one need not wait for the others to be loaded. */
const commands: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  check: async () => (await import('./check.ts')).addCheck,
  matrix: async () => (await import('./matrix.ts')).addMatrix,
  bugs: async () => (await import('./bugs.ts')).addBugs,
  replay: async () => (await import('./replay.ts')).addReplay,
  lifecycle: async () => (await import('./lifecycle.ts')).addLifecycle,
  diff: async () => (await import('./diff.ts')).addDiff,
  conform: async () => (await import('./conform.ts')).addConform,
  record: async () => (await import('./record.ts')).addRecord,
  monitor: async () => (await import('./monitor.ts')).addMonitor,
  export: async () => (await import('./export.ts')).addExport,
  list: async () => (await import('./list.ts')).addList,
  source: async () => (await import('./source.ts')).addSource,
  init: async () => (await import('./init.ts')).addInit,
}

optimiseLater()
endQuietlyOnClosedPipe()

const program = new Command('lastref')
  .description(description)
  .version(version)
  .exitOverride()
  .showSuggestionAfterError(true)
  .configureOutput({
    outputError: (text, write) => write(`lastref: ${text.replace(/^error: /, '').replace(/\n\(Did/, ' (did')}`),
  })
  .addHelpText('after', '\n`lastref COMMAND --help` shows the options of a command, with examples.')

const asked = Object.keys(commands).filter((name) => name === process.argv[2])
for (const name of asked.length > 0 ? asked : Object.keys(commands)) (await commands[name]())(program)
for (const command of program.commands) command.copyInheritedSettings(program)

try {
  if (process.argv.length <= 2) program.outputHelp()
  else await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : status.usage
  else process.exitCode = report(error)
  if (process.exitCode !== 0) process.exit()
}
