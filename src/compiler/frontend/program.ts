/** The one door to the TypeScript compiler: loads kernel, history, scenarios (and a user's files) once, type-checks them. */
import ts from './typescript.ts'
import type { TransitionSystem } from '../../model/system.ts'
import type { Diagnostic } from '../diagnostic.ts'
import type { MemoryModel } from '../passes/memory-model.ts'
import { bugsOrMistakes, type BugInfo, type Configuration, type FoundBug } from './bugs.ts'
import { functionsOf, kernelNames, lastLayer, resolveKernel, type KernelInfo, type ResolvedKernel } from './kernels.ts'
import { MISTAKES } from '../mistakes.ts'
import { CompileError } from './errors.ts'
import { compiledOnce } from './compiled-once.ts'
import { changesNothing, isSameSystem, nothingRuns, ofOverride } from './overrides.ts'
import { changesIn, lowerScenario } from './scenario.ts'
import { findProjections, type ProjectionInfo } from './projections.ts'
import { findScenarios, type FoundScenario, type ScenarioInfo } from './scenarios.ts'
import { sourceListing, type SourceListing } from './source.ts'

export type { BugInfo, Configuration, KernelInfo, ProjectionInfo, ScenarioInfo, SourceListing }

export interface ProgramOptions {
  /** Root of the package: the folder that holds src/dialect, src/kernel, src/history, src/scenarios, src/bugs. */
  readonly root: string
  /** Further files of the user: models of their own, patches. Absolute paths. */
  readonly files?: readonly string[]
  /** Type-check the package's own sources too, not only the user's files. Default false: that was done when it was built. */
  readonly checkAll?: boolean
  /** Text of a file that need not be on the disk; undefined for all others. */
  readonly readFile?: (file: string) => string | undefined
}

export interface CompileOptions {
  /** Id of a scenario, or the path of a user's file (optionally `path#id` where it has several). */
  readonly scenario: string
  /** `7.3`, `5.18+song-v1`; a `+` part may be the path of a user's change file. */
  readonly kernel: string
  readonly fs?: string
  readonly bounds?: Readonly<Record<string, number>>
  /** Default true: protected, private and acquire steps are merged. */
  readonly reduce?: boolean
  /** Default true: tasks that are interchangeable are found. */
  readonly symmetry?: boolean
  /** Default 'sc': sequentially consistent. See passes/memory-model.ts. */
  readonly memoryModel?: MemoryModel
  /**
   * Mutants. `file:line:column` : the call there compiles to nothing. `file:line:column-length=0|1`: the expression
   * of that length there is that constant.
   */
  readonly omit?: readonly string[]
  /**
   * Compiles the projection that belongs to the scenario as well. What the terms of these names read is changed at most
   * once by an action, so that no state of theirs is skipped.
   */
  readonly project?: readonly string[]
  /**
   * Refuse a kernel whose last `+` part changes nothing for the scenario: `reached`, some function of it must run;
   * `changes`, and the steps must be others than without it.
   */
  readonly effect?: 'reached' | 'changes'
}

export interface Program {
  /** Mistakes found while loading and type-checking. */
  readonly diagnostics: readonly Diagnostic[]
  readonly scenarios: readonly ScenarioInfo[]
  readonly kernels: readonly KernelInfo[]
  /** The corpus, and bugs in files of the user. */
  readonly bugs: readonly BugInfo[]
  /** The user's files and what they import: everything that was read outside the package. Absolute paths. */
  readonly sources: readonly string[]
  readonly projections: readonly ProjectionInfo[]
  /** Every function of the newest source or of a change. */
  readonly functionNames: readonly string[]
  /** Null when there is no such function in that kernel. Diagnostics when the kernel is unknown. */
  source(functionName: string, kernel: string): SourceListing | null | readonly Diagnostic[]
  /** With mistakes in the files: those. */
  compile(options: CompileOptions): TransitionSystem | readonly Diagnostic[]
}

/** What the parts of the front end share. */
export interface Loaded {
  readonly program: ts.Program
  readonly checker: ts.TypeChecker
  /** Path as shown: relative to the root for our own files, as the user gave it for theirs. */
  readonly fileName: (file: string) => string
  readonly root: string
  /** Every function of kernel and history, by name. */
  readonly functions: ReadonlyMap<string, ts.Node>
  readonly bugs: readonly FoundBug[]
}

const COMPILER_OPTIONS: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  types: [],
  customConditions: ['lastref-source'],
}

export function loadProgram(options: ProgramOptions): Program {
  const root = options.root.replace(/\/$/, '')
  const own = (folder: string): string[] =>
    ts.sys.directoryExists(`${root}/src/${folder}`)
      ? ts.sys.readDirectory(`${root}/src/${folder}`, ['.ts'], ['**/*.test.ts', '**/*.fuzz.ts', '**/*.d.ts'])
      : []
  const bugFiles = own('bugs')
  const ownFiles = ['dialect', 'kernel', 'history', 'scenarios'].flatMap(own).concat(bugFiles)
  const files = (options.files ?? []).filter((f) => !ownFiles.includes(f))
  const program = ts.createProgram([...ownFiles, ...files], COMPILER_OPTIONS, hostFor(root, options.readFile))
  const checker = program.getTypeChecker()
  const fileName = (file: string): string => (file.startsWith(`${root}/`) ? file.slice(root.length + 1) : file)
  const bare: Loaded = { program, checker, fileName, root, functions: new Map(), bugs: [] }
  const { bugs, mistakes } = bugsOrMistakes(bare, [...bugFiles, ...files])
  const loaded: Loaded = { ...bare, bugs }
  const scenarios = findScenarios(loaded, ownFiles, options.files ?? [])
  const imported = program.getSourceFiles().filter((f) => !f.fileName.startsWith(`${root}/`) && !f.isDeclarationFile)
  const toCheck = new Set([...(options.checkAll ? ownFiles : []), ...files, ...imported.map((f) => f.fileName)])
  const diagnostics = [...typeErrors(loaded, [...toCheck]), ...mistakes.map((m) => m.diagnostic)]
  return {
    diagnostics,
    scenarios: scenarios.map((s) => s.info),
    kernels: kernelNames(loaded),
    bugs: bugs.map((b) => b.info),
    sources: program
      .getSourceFiles()
      .map((f) => f.fileName)
      .filter(
        (f) =>
          !f.startsWith(`${root}/`) && !program.isSourceFileDefaultLibrary(program.getSourceFile(f) as ts.SourceFile),
      ),
    projections: findProjections(loaded).map((p) => p.info),
    functionNames: [...functionsOf(loaded).keys()],
    source: (name, kernel) => asValue(() => sourceListing(loaded, name, resolveKernel(loaded, kernel))),
    compile: (o) => (diagnostics.length > 0 ? diagnostics : asValue(() => compileOne(loaded, scenarios, o))),
  }
}

/** A user's file outside a package finds `lastref/dialect` and `lastref/kernel` here. */
function hostFor(root: string, readFile: (file: string) => string | undefined = () => undefined): ts.CompilerHost {
  const host = ts.createCompilerHost(COMPILER_OPTIONS)
  const onDisk = { readFile: host.readFile, fileExists: host.fileExists }
  host.readFile = (file) => readFile(file) ?? onDisk.readFile(file)
  host.fileExists = (file) => readFile(file) !== undefined || onDisk.fileExists(file)
  host.directoryExists = undefined // a folder of files that are not on the disk is not there either
  const entry: Record<string, string> = {
    'lastref/dialect': `${root}/src/dialect/index.ts`,
    'lastref/kernel': `${root}/src/kernel/index.ts`,
    'lastref/history': `${root}/src/history/index.ts`,
  }
  host.resolveModuleNameLiterals = (names, containingFile, redirected, compilerOptions, sourceFile) =>
    names.map((name) =>
      name.text in entry
        ? {
            resolvedModule: {
              resolvedFileName: entry[name.text],
              extension: ts.Extension.Ts,
              isExternalLibraryImport: false,
            },
          }
        : ts.resolveModuleName(
            name.text,
            containingFile,
            compilerOptions,
            host,
            undefined,
            redirected,
            ts.getModeForUsageLocation(sourceFile, name, compilerOptions),
          ),
    )
  return host
}

function compileOne(loaded: Loaded, scenarios: readonly FoundScenario[], options: CompileOptions): TransitionSystem {
  const found = scenarios.find(
    (s) =>
      s.info.id === options.scenario ||
      s.info.file === options.scenario ||
      `${s.info.file}#${s.info.id}` === options.scenario,
  )
  if (found === undefined)
    throw new CompileError({
      code: 'LR028',
      file: options.scenario,
      line: 0,
      column: 0,
      message: `${options.scenario}: ${MISTAKES.LR028[0]}`,
      instead: MISTAKES.LR028[1],
    })
  const kernel: ResolvedKernel =
    found.info.usesKernel || options.kernel !== ''
      ? resolveKernel(loaded, options.kernel)
      : { name: '', overrides: new Map() }
  const system = compiledOnce(loaded.program, kernel, options, (k) => lowerScenario(loaded, found, k, options))
  if (options.effect !== undefined) refuseWithoutEffect(loaded, scenarios, { system, found, options })
  return system
}

/** A verdict on a kernel whose change does not matter would be taken for one on the change. */
function refuseWithoutEffect(
  loaded: Loaded,
  scenarios: readonly FoundScenario[],
  asked: { readonly system: TransitionSystem; readonly found: FoundScenario; readonly options: CompileOptions },
): void {
  const { system, found, options } = asked
  const { functions, marks } = lastLayer(loaded, options.kernel)
  const isReached = (changes: readonly string[]): boolean => changes.some((change) => marks.includes(change))
  const parts = options.kernel.split('+')
  const part = parts.pop() as string
  const where = { part, scenario: found.info.id, kernel: options.kernel }
  if (!isReached(system.changes))
    throw nothingRuns(loaded, functions, where, () => runnersOf(loaded, scenarios, options.kernel, isReached))
  const without = [...parts, ...(part.startsWith('bug/') ? [part.replace('bug/', 'fixed/')] : [])].join('+')
  if (
    options.effect === 'changes' &&
    isSameSystem(system, lowerScenario(loaded, found, resolveKernel(loaded, without), options))
  )
    throw changesNothing(loaded, where)
}

const RUNNERS_MAX = 1

/** Some of the quick scenarios of the package that run a function of the change. */
function runnersOf(
  loaded: Loaded,
  scenarios: readonly FoundScenario[],
  kernelName: string,
  isReached: (changes: readonly string[]) => boolean,
): string[] {
  const runners: string[] = []
  const kernel = resolveKernel(loaded, kernelName)
  for (const other of scenarios) {
    const { id, file, group } = other.info
    if (runners.length === RUNNERS_MAX || group !== 'quick' || !file.startsWith('src/scenarios/')) continue
    if (isReached(changesIn(loaded, other, kernel))) runners.push(id)
  }
  return runners
}

function asValue<T>(body: () => T): T | readonly Diagnostic[] {
  try {
    return body()
  } catch (e) {
    if (e instanceof CompileError) return [e.diagnostic]
    throw e
  }
}

function typeErrors(loaded: Loaded, files: readonly string[]): Diagnostic[] {
  const { program, fileName } = loaded
  const found: ts.Diagnostic[] = []
  const absent: Diagnostic[] = []
  const [message, instead] = MISTAKES.LR065
  for (const f of files) {
    const source = program.getSourceFile(f)
    if (source === undefined) absent.push({ code: 'LR065', file: fileName(f), line: 0, column: 0, message, instead })
    else found.push(...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source))
  }
  const wrong = found.map((d) => {
    const ours = ofOverride(loaded, d)
    if (ours !== null) return ours
    const at = d.file?.getLineAndCharacterOfPosition(d.start ?? 0)
    return {
      code: `TS${d.code}`,
      file: d.file === undefined ? '' : fileName(d.file.fileName),
      line: (at?.line ?? -1) + 1,
      column: (at?.character ?? -1) + 1,
      message: ts.flattenDiagnosticMessageText(d.messageText, '\n  '),
      instead: '',
    }
  })
  return [...absent, ...wrong]
}
