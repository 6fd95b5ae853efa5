import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { root, trackedFiles, type SourceFile } from './sources.ts'

/** The rooms under src/: what each may import directly, and why it may import nothing else. */
const rooms: Record<string, { mayImport: string[]; why: string }> = {
  base: { mayImport: [], why: 'base is what everybody may stand on, so it stands on nothing' },
  dialect: { mayImport: [], why: 'kernel code sees only the dialect, and so must see no part of the tool through it' },
  model: { mayImport: ['base'], why: 'model is the vocabulary of all other rooms and can be read alone' },
  kernel: { mayImport: ['dialect'], why: 'kernel code is read by the compiler and knows nothing of the tool' },
  history: { mayImport: ['kernel', 'dialect'], why: 'a change is kernel code' },
  scenarios: { mayImport: ['kernel', 'dialect'], why: 'a scenario is kernel code with tasks and properties' },
  bugs: {
    mayImport: ['scenarios', 'history', 'kernel', 'dialect'],
    why: 'a bug is a change, with a scenario that shows it',
  },
  compiler: {
    mayImport: ['model', 'base'],
    why: 'compiler and checker meet in model only; kernel code is read, not imported',
  },
  checker: { mayImport: ['model', 'base'], why: 'compiler and checker meet in model only; the checker sees bytes' },
  conformance: { mayImport: ['model', 'base'], why: 'conformance matches labels and needs a Model, whoever made it' },
  report: { mayImport: ['model', 'base'], why: 'report renders a Verdict and never explores' },
  explorer: { mayImport: ['report', 'model', 'base'], why: 'the explorer shows a Model that cli hands to it' },
  cli: {
    mayImport: ['explorer', 'report', 'conformance', 'checker', 'compiler', 'model', 'base'],
    why: 'kernel, history, scenarios, bugs and dialect are input: the compiler reads them, nobody imports them',
  },
}

/** Packages that have one door. */
const doors: Record<string, { path: string; why: string }> = {
  typescript: {
    path: 'src/compiler/frontend/typescript.ts',
    why: 'it is large, and has to be loaded in a way of its own',
  },
  commander: { path: 'src/cli/', why: 'only cli has arguments' },
  '@viz-js/viz': { path: 'src/cli/', why: 'a layout is computed only when somebody asks for a drawing' },
  fzstd: { path: 'src/cli/', why: 'how a file is packed is the business of who opens it' },
  wabt: { path: 'src/compiler/backend/wasm/', why: 'generated code is seldom read; the text format is loaded then' },
  picocolors: { path: 'src/cli/', why: 'only cli knows whether it writes to a terminal' },
}

/** Read by the compiler, or by a browser. */
const withoutNode = /^src\/(dialect|kernel|history|scenarios|bugs|explorer\/client)\//

/** Rooms where files, clock, environment and arguments are allowed. */
const outerRooms = ['src/cli/', 'src/explorer/server/']
const outsideModules = /^(node:)?(fs|fs\/promises|process|perf_hooks|os|child_process|http|https|http2|net|tls|dgram)$/

/** Rooms that know no subject, and the words of the subject. */
const generalRooms = ['model', 'compiler', 'checker', 'conformance', 'report'].map((room) => `src/${room}/`)
const subjectWords = /(?<![A-Za-z])(folio|(?:fs)?dax|gup)s?(?![A-Za-z])/i

const sources = trackedFiles().filter((file) => /^src\/.*\.ts$/.test(file.path))

const commandFiles = importsOf(sources.find(({ path }) => path === 'src/cli/main.ts')!)
  .filter((specifier) => specifier.startsWith('.'))
  .map((specifier) => posix.join('src/cli', specifier))

describe('imports', () => {
  test('every source keeps to the table of rooms', () => {
    expect(sources.map((file) => file.path)).toContain('src/cli/main.ts')
    expect(sources.flatMap(wrongImports)).toEqual([])
  })

  test.each(['src/cli/main.ts', ...commandFiles, 'src/cli/worker.ts'])(
    '%s begins without the TypeScript compiler',
    (start) => expect(loadedWith(start)).not.toContain('typescript'),
  )

  test('what a program begins with is found', () => {
    expect(commandFiles).toContain('src/cli/check.ts')
    expect(loadedWith('src/cli/worker.ts')).toContain('src/cli/models.ts')
    expect(loadedWith('src/compiler/frontend/program.ts')).toContain('typescript')
  })

  test.each(Object.keys(rooms))('the project of %s references the rooms of the table', (room) => {
    const text = readFileSync(`${root}src/${room}/tsconfig.json`, 'utf8')
    const { config } = ts.parseConfigFileTextToJson(room, text) as { config: { references: { path: string }[] } }
    const referenced = config.references.map((reference) => posix.basename(reference.path))
    expect(referenced.sort()).toEqual([...rooms[room].mayImport].sort())
  })

  test.each([
    ['src/checker/bfs.ts', "import { compile } from '../compiler/compile.ts'", 'may not import compiler'],
    ['src/compiler/compile.ts', "import type { Search } from '../checker/bfs.ts'", 'may not import checker'],
    ['src/compiler/passes/inline.ts', "export * from '../../checker/bfs.ts'", 'may not import checker'],
    ['src/cli/check.ts', "const { gup } = await import('../kernel/mm/gup.ts')", 'may not import kernel'],
    ['src/index.ts', "export * from './dialect/index.ts'", 'may not import dialect'],
    ['src/model/model.ts', "import { x } from '../../test/sources.ts'", 'outside src'],
    ['src/attic/old.ts', '', 'not a room'],
    ['src/checker/parse.ts', "import ts from 'typescript'", 'src/compiler/frontend/typescript.ts'],
    ['src/report/text.ts', "import colors from 'picocolors'", 'src/cli/'],
    ['src/base/assert.ts', "import { chalk } from 'chalk'", 'not in the table of doors'],
    ['src/kernel/mm/gup.ts', "import assert from 'node:assert'", 'nothing from Node'],
  ])('%s with <%s> is refused', (path, text, message) => {
    expect(wrongImports({ path, text })).toEqual([expect.stringContaining(message)])
  })

  test('what the table allows is not refused', () => {
    const text =
      "import ts = require('typescript')\nimport type { Model } from '../../model/model.ts'\nimport { a } from './a.ts'"
    expect(wrongImports({ path: 'src/compiler/frontend/typescript.ts', text })).toEqual([])
    const testText = "import { test } from 'vitest'\nimport { needTool } from '../../test/tools.ts'"
    expect(wrongImports({ path: 'src/checker/bfs.test.ts', text: testText })).toEqual([])
  })
})

describe('same input, same bytes', () => {
  test('no clock, file, environment or unseeded randomness below cli and explorer/server', () => {
    expect(sources.flatMap(outsideAccesses)).toEqual([])
  })

  test.each([
    'const start = Date.now()',
    'const start = performance.now()',
    'const day = new Date()',
    'const quiet = process.env.QUIET',
    'const coin = Math.random() < 0.5',
    "import { readFileSync } from 'node:fs'",
    "const fs = await import('fs/promises')",
  ])('<%s> is refused in the checker, allowed in cli', (text) => {
    expect(outsideAccesses({ path: 'src/checker/bfs.ts', text })).toHaveLength(1)
    expect(outsideAccesses({ path: 'src/cli/check.ts', text })).toEqual([])
  })

  test('a comment may mention them', () => {
    expect(outsideAccesses({ path: 'src/checker/bfs.ts', text: '// Date.now() is not for us' })).toEqual([])
  })
})

describe('absent words', () => {
  test('model, compiler, checker, conformance and report know no subject', () => {
    expect(sources.flatMap(subjectMentions)).toEqual([])
  })

  test.each(['// the folio is busy', 'const daxEntry = 1', 'function try_gup_fast() {}', 'let FOLIOS = 0', "'fsdax'"])(
    '<%s> is refused in the checker, allowed in the kernel',
    (text) => {
      expect(subjectMentions({ path: 'src/checker/bfs.ts', text })).toHaveLength(1)
      expect(subjectMentions({ path: 'src/kernel/fs/dax.ts', text })).toEqual([])
    },
  )

  test('parts of other words are fine', () => {
    expect(subjectMentions({ path: 'src/checker/bfs.ts', text: 'portfolio regupdate' })).toEqual([])
  })
})

function wrongImports(file: SourceFile): string[] {
  const room = roomOf(file.path)
  const rule = rooms[room]
  if (!rule) return [`${file.path}: ${room} is not a room; the table is in test/architecture.test.ts`]
  return importsOf(file).flatMap((specifier) => {
    const complaint = specifier.startsWith('.') ? wrongRoom(file.path, specifier) : wrongPackage(file.path, specifier)
    return complaint ? [`${file.path}: ${complaint}`] : []
  })
}

function wrongRoom(path: string, specifier: string): string | undefined {
  const target = posix.join(posix.dirname(path), specifier)
  if (isTest(path) && target.startsWith('test/')) return undefined
  if (!target.startsWith('src/')) return `imports ${specifier}, outside src`
  const from = roomOf(path)
  const to = roomOf(target)
  if (from === to || rooms[from].mayImport.includes(to)) return undefined
  const allowed = rooms[from].mayImport.join(', ') || 'nothing'
  return `${from} may not import ${to} (${specifier}), only ${allowed}: ${rooms[from].why}`
}

function wrongPackage(path: string, specifier: string): string | undefined {
  if (isTest(path) && specifier === 'vitest') return undefined
  if (specifier.startsWith('node:')) {
    const isWithoutNode = withoutNode.test(path) && !isTest(path)
    return isWithoutNode
      ? `imports ${specifier}; what the compiler or a browser reads imports nothing from Node`
      : undefined
  }
  const door = doors[specifier]
  if (!door) return `imports ${specifier}, which is not in the table of doors in test/architecture.test.ts`
  return path.startsWith(door.path) ? undefined : `imports ${specifier}; only ${door.path} may: ${door.why}`
}

function outsideAccesses(file: SourceFile): string[] {
  if (outerRooms.some((folder) => file.path.startsWith(folder)) || isTest(file.path)) return []
  const found = importsOf(file).filter((specifier) => outsideModules.test(specifier))
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && isOutsideProperty(node)) found.push(node.getText())
    if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length)
      found.push('new Date()')
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true))
  const advice = 'take it as an argument from cli, so that the same input gives the same bytes'
  return found.map((what) => `${file.path}: ${what}: ${advice}`)
}

function isOutsideProperty(node: ts.PropertyAccessExpression): boolean {
  if (!ts.isIdentifier(node.expression)) return false
  if (node.expression.text === 'process') return true
  return ['Date.now', 'performance.now', 'Math.random'].includes(`${node.expression.text}.${node.name.text}`)
}

function subjectMentions(file: SourceFile): string[] {
  if (!generalRooms.some((folder) => file.path.startsWith(folder))) return []
  return file.text.split('\n').flatMap((line, index) => {
    const word = subjectWords.exec(line.replace(/([a-z0-9])([A-Z])/g, '$1 $2'))?.[1]
    const why = 'this room knows no subject; kernel code names its own events'
    return word ? [`${file.path}:${index + 1}: says ${word}: ${why}`] : []
  })
}

function importsOf(file: SourceFile): string[] {
  return ts.preProcessFile(file.text, true, true).importedFiles.map((imported) => imported.fileName)
}

/** What a program reads before it runs: its imports and theirs, without those of types and those made later. */
function loadedWith(start: string): string[] {
  const found = new Set([start])
  for (const path of found) {
    const file = sources.find((source) => source.path === path)
    for (const [, specifier] of file?.text.matchAll(
      /^(?:import|export) (?!type )(?:[^'\n;]|\n(?! *import))*?(?:from |= require\()'([^']+)'/gm,
    ) ?? [])
      found.add(specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier)
  }
  return [...found]
}

/** src/index.ts is the programmatic interface and counts as cli. */
function roomOf(path: string): string {
  return path === 'src/index.ts' ? 'cli' : path.split('/')[1]
}

function isTest(path: string): boolean {
  return /\.(test|fuzz|bench)\.ts$/.test(path)
}
