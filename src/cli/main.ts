#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { addBugs } from './bugs.ts'
import { addCheck } from './check.ts'
import { addConform } from './conform.ts'
import { addDiff } from './diff.ts'
import { addExport } from './export.ts'
import { addInit } from './init.ts'
import { addList } from './list.ts'
import { addLifecycle } from './lifecycle.ts'
import { addMatrix } from './matrix.ts'
import { addMonitor } from './monitor.ts'
import { addRecord } from './record.ts'
import { report, status } from './exit.ts'
import { addReplay } from './replay.ts'
import { addSource } from './source.ts'
import { description, endQuietlyOnClosedPipe, version } from './output.ts'

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

addCheck(program)
addMatrix(program)
addBugs(program)
addReplay(program)
addLifecycle(program)
addDiff(program)
addConform(program)
addRecord(program)
addMonitor(program)
addExport(program)
addList(program)
addSource(program)
addInit(program)
for (const command of program.commands) command.copyInheritedSettings(program)

try {
  if (process.argv.length <= 2) program.outputHelp()
  else await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : status.usage
  else process.exitCode = report(error)
  if (process.exitCode !== 0) process.exit()
}
