/** `lastref init`: a model of one's own to begin with. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { quoted, UsageError } from './exit.ts'
import { print } from './output.ts'
import { packageRoot } from './questions.ts'

const examples = `
Examples:
  lastref init mine && lastref check mine/model.ts`

export function addInit(program: Command): void {
  program
    .command('init')
    .summary('a model of your own to begin with')
    .description(
      'Writes DIR/model.ts, a small protocol with a lost wake-up and without it, and DIR/tsconfig.json, by which an editor ' +
        'finds the types. Existing files are left alone.',
    )
    .argument('<dir>', 'folder; made if it is not there')
    .addHelpText('after', examples)
    .action((folder: string) => init(folder))
}

function init(folder: string): void {
  const files = { 'model.ts': model, 'tsconfig.json': tsconfigFor(resolve(folder)) }
  for (const name of Object.keys(files))
    if (existsSync(join(folder, name)))
      throw new UsageError(`${join(folder, name)} is there already; give another folder`)
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  print(
    `${join(folder, 'model.ts')} and tsconfig.json written. Next:\n\n  lastref check ${quoted(join(folder, 'model.ts'))}\n`,
  )
}

/** Where the package is installed the editor finds it by itself; elsewhere it is told the path. */
function tsconfigFor(folder: string): string {
  const paths = isInstalledFor(folder)
    ? {}
    : {
        paths: Object.fromEntries(
          ['dialect', 'kernel', 'history'].map((room) => [`lastref/${room}`, [toHere(folder, room)]]),
        ),
      }
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2022'],
    module: 'nodenext',
    moduleResolution: 'nodenext',
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    types: [],
    ...paths,
  }
  return `${JSON.stringify({ compilerOptions, include: ['*.ts'] }, null, 2)}\n`
}

const toHere = (folder: string, room: string): string => relative(folder, resolve(packageRoot, 'src', room, 'index.ts'))

function isInstalledFor(folder: string): boolean {
  try {
    createRequire(join(folder, 'model.ts')).resolve('lastref/dialect')
    return true
  } catch {
    return false
  }
}

const model = `/**
 * A worker takes jobs and sleeps while there is none; a producer adds one job and wakes the worker.
 *
 * Result: missed-wakeup; the variant \`fixed\` holds.
 *
 * Every line that reads or writes a field of a struct is a step; the other task may run between any two of them.
 */
import {
  at, atomic, current, ref, scenario, sleeping_for, Struct, Task, TASK_INTERRUPTIBLE, TASK_RUNNING, when,
} from 'lastref/dialect'

class Queue extends Struct<'queue'> {
  jobs = atomic(2)
  sleeper = ref(() => Task)
}

const queue = at(Queue, 0)

/** Blocks until somebody has set the state back. */
function schedule(): void {
  when(() => current.state === TASK_RUNNING)
}

function add_job(): void {
  queue.jobs.inc()
  const task = queue.sleeper
  if (task !== null) task.state = TASK_RUNNING
}

/** Wrong: a job that is added after the test and before the sleeper is known wakes nobody. */
function get_job_racy(): void {
  while (queue.jobs.read() === 0) {
    queue.sleeper = current
    current.state = TASK_INTERRUPTIBLE
    sleeping_for(queue, () => queue.jobs.read() !== 0, schedule)
  }
  queue.jobs.dec()
}

/** Right: first say that it will sleep, then test. */
function get_job(): void {
  for (;;) {
    queue.sleeper = current
    current.state = TASK_INTERRUPTIBLE
    if (queue.jobs.read() !== 0) break
    sleeping_for(queue, () => queue.jobs.read() !== 0, schedule)
  }
  current.state = TASK_RUNNING
  queue.jobs.dec()
}

export default scenario({
  id: 'lost-wakeup',
  tasks: {
    worker: () => get_job_racy(),
    producer: () => add_job(),
  },
})

export const fixed = scenario({
  id: 'fixed',
  tasks: {
    worker: () => get_job(),
    producer: () => add_job(),
  },
})
`
