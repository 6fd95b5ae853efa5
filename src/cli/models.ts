/**
 * Compiled models on disk, so that a question that was asked before needs neither the TypeScript compiler nor ours,
 * and the code that searches them.
 *
 * The key is a hash of everything that can change the answer: sources of kernel, history, scenarios and dialect, the
 * user's files and what they import, the compiler's own program text, and the question. An entry that cannot be read is
 * one that is not there. `LASTREF_CACHE` names another folder; `LASTREF_CACHE=off` does without.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deserialize, serialize } from 'node:v8'
import type { ProgramOptions, Programs, WasmProgram } from '../compiler/backend/compile.ts'
import type { CompileOptions, Diagnostic, Program } from '../compiler/index.ts'
import type { TransitionSystem } from '../model/system.ts'
import { diagnosed, packageRoot, type Catalogue } from './questions.ts'

/** What the commands need of a Program, loaded only when the cache has no answer. */
export interface Models {
  catalogue(): Promise<Catalogue>
  compile(options: CompileOptions): Promise<TransitionSystem | readonly Diagnostic[]>
  /** The code of a compiled system, kept beside it. */
  programsOf(system: TransitionSystem): Programs
}

/** `ready`: the Program, where it is there already. */
export function openModels(files: readonly string[], ready: Program | null = null): Models {
  const folder = cacheFolder()
  const key = folder === null ? null : keyOf(files)
  const entryFor = (question: string): string | null =>
    folder === null || key === null ? null : join(folder, key, digest([question]))
  let program: Promise<Program> | null = ready && Promise.resolve(ready)
  const load = (): Promise<Program> => (program ??= import('./program.ts').then((m) => m.loadUnchecked(files)))
  const systems = new Systems()
  return {
    catalogue: async () => {
      const file = entryFor('catalogue')
      const known = file === null ? null : read<Catalogue>(file)
      if (known !== null) return known.value
      const loaded = await load()
      const { diagnostics, scenarios, kernels, bugs, projections } = loaded
      const value = { diagnostics, scenarios, kernels, bugs, projections }
      if (file !== null && diagnostics.length === 0) write(file, { dependencies: dependenciesOf(loaded), value })
      return value
    },
    compile: async (options) => {
      const file = entryFor(`compile ${JSON.stringify(options)}`)
      const known = file === null ? null : systems.read(file)
      if (known !== null) return known
      const loaded = await load()
      const value = loaded.compile(options)
      if (file !== null && 'tasks' in value) systems.write(file, dependenciesOf(loaded), value)
      return value
    },
    programsOf: (system) => ({ get: (options, make) => systems.program(system, options, make) }),
  }
}

/** What a kernel has that the compiler cannot tell from an earlier one for a scenario: that one's system, in its entry. */
interface Alike {
  readonly entry: string
  readonly kernel: string
}

/**
 * Entries of systems. One that stands in several of them is written once, and read once while it is asked for. Code that was
 * generated for a system has an entry of its own.
 */
class Systems {
  readonly #entryOf = new WeakMap<TransitionSystem['tasks'], { file: string; dependencies: readonly Dependency[] }>()
  /** By entry, the latest last. */
  readonly #read = new Map<string, Entry<TransitionSystem>>()

  read(file: string): TransitionSystem | null {
    const entry = this.#read.get(file) ?? read<TransitionSystem | Alike>(file)
    if (entry === null) return null
    const { dependencies, value } = entry
    if (!('tasks' in value)) {
      const system = this.read(join(dirname(file), value.entry))
      return system && { ...system, kernel: value.kernel }
    }
    this.#read.delete(file)
    this.#read.set(file, { dependencies, value })
    if (this.#read.size > SYSTEMS_MAX) this.#read.delete(this.#read.keys().next().value!)
    this.#entryOf.set(value.tasks, { file, dependencies })
    return value
  }

  write(file: string, dependencies: readonly Dependency[], system: TransitionSystem): void {
    const before = this.#entryOf.get(system.tasks)
    const isNew = before === undefined
    const value: TransitionSystem | Alike = isNew ? system : { entry: basename(before.file), kernel: system.kernel }
    if (write(file, { dependencies, value }) && isNew) this.#entryOf.set(system.tasks, { file, dependencies })
  }

  program(system: TransitionSystem, options: ProgramOptions, make: () => WasmProgram): WasmProgram {
    const entry = this.#entryOf.get(system.tasks)
    if (entry === undefined) return make()
    const { keeping, shards, isQuotient } = options
    const file = `${entry.file}-${[keeping, shards, isQuotient ? 'canonical' : 'plain'].join('-')}`
    const known = read<WasmProgram>(file)
    if (known !== null) return known.value
    const value = make()
    write(file, { dependencies: entry.dependencies, value })
    return value
  }
}

/** Systems are megabytes. */
const SYSTEMS_MAX = 6

/** The catalogue; mistakes end the command. */
export async function checked(models: Models): Promise<Catalogue> {
  const catalogue = await models.catalogue()
  if (catalogue.diagnostics.length > 0) throw diagnosed(catalogue.diagnostics)
  return catalogue
}

/** Entries of other versions and sources are thrown away when they are this old, and those of the oldest beyond so many. */
const DAYS_MAX = 14
const FOLDERS_MAX = 12

function cacheFolder(): string | null {
  const named = process.env.LASTREF_CACHE
  if (named === 'off') return null
  return named ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'lastref')
}

const digest = (texts: readonly (string | Buffer)[]): string => {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(text).update('\0')
  return hash.digest('hex').slice(0, 32)
}

/** Null when something cannot be read: then nothing is cached. */
function keyOf(files: readonly string[]): string | null {
  try {
    const own = ['dialect', 'kernel', 'history', 'scenarios', 'bugs'].flatMap((room) =>
      filesBelow(join(packageRoot, 'src', room), '.ts'),
    )
    const program = fileURLToPath(new URL('..', import.meta.url))
    const tool = ['compiler', 'model'].flatMap((room) => filesBelow(join(program, room), '.js'))
    return digest([
      process.version,
      ...[...own, ...tool, ...files.map((f) => resolve(f))].flatMap((f) => [f, readFileSync(f)]),
    ])
  } catch {
    return null
  }
}

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((f) => f.endsWith(ending) && !f.includes('.test.'))
    .sort()
    .map((f) => join(folder, f))
}

interface Dependency {
  readonly file: string
  readonly digest: string
}

interface Entry<T> {
  readonly dependencies: readonly Dependency[]
  readonly value: T
}

/** Files of the user that their files import: not part of the key, since only loading tells them. */
const dependenciesOf = (program: Program): Dependency[] =>
  program.sources.map((file) => ({ file, digest: digest([readFileSync(file)]) }))

function read<T>(file: string): Entry<T> | null {
  try {
    const entry = deserialize(readFileSync(file)) as Entry<T>
    return entry.dependencies.every((d) => digest([readFileSync(d.file)]) === d.digest) ? entry : null
  } catch {
    return null
  }
}

/** Whole or not at all; a full disk is no reason to fail. Not as JSON: what actions share stays shared. */
function write(file: string, entry: Entry<unknown>): boolean {
  try {
    const folder = join(file, '..')
    mkdirSync(folder, { recursive: true })
    const part = `${file}.${process.pid}`
    writeFileSync(part, serialize(entry))
    renameSync(part, file)
    prune(folder)
    return true
  } catch {
    return false
  }
}

const pruned = new Set<string>()

/** Once in a process: a matrix writes a thousand entries. */
function prune(current: string): void {
  if (pruned.has(current)) return
  pruned.add(current)
  const oldest = Date.now() - DAYS_MAX * 24 * 3600 * 1000
  const others = readdirSync(dirname(current))
    .map((name) => join(dirname(current), name))
    .filter((path) => path !== current)
    .map((path) => ({ path, time: statSync(path).mtimeMs }))
    .sort((a, b) => b.time - a.time)
  for (const { path } of others.filter(({ time }, i) => time < oldest || i >= FOLDERS_MAX - 1))
    rmSync(path, { recursive: true, force: true })
}
