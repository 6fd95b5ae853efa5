/** Bugs as users write them: found by the scenarios there are; and what is said when one is written wrongly. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { search } from '../src/checker/index.ts'
import { compileSystem } from '../src/compiler/backend/compile.ts'
import { formatDiagnostic, loadProgram, type CompileOptions, type Program } from '../src/compiler/index.ts'
import { root } from './sources.ts'

const strangers = join(root, 'test/strangers')
const files = readdirSync(strangers).map((name) => join(strangers, name))

/** Files that are not on the disk, by name. */
function programWith(texts: Readonly<Record<string, string>>, others: readonly string[] = []): Program {
  const named = new Map(Object.entries(texts).map(([name, text]) => [`/nowhere/${name}`, text]))
  return loadProgram({ root, files: [...others, ...named.keys()], readFile: (file) => named.get(file) })
}

const header = `
import { bug, change } from 'lastref/history'
import { folio_put, type Folio } from 'lastref/kernel'
`

const wrong = programWith({
  'typo.ts': `${header} export default change({ commit: 'mine', title: '', after: { put_pgae(folio: Folio): void { folio_put(folio) } } })`,
  'signature.ts': `${header} export default change({ commit: 'mine', title: '', after: { put_page(folio: Folio, refs: number): void { if (refs > 0) folio_put(folio) } } })`,
  'lacking.ts': `${header} export default bug({ slug: 'mine', title: '', after: { put_page(folio: Folio): void { folio_put(folio) } } })`,
})

describe('a mistake is told where it stands', () => {
  const told = wrong.diagnostics.map(formatDiagnostic).join('\n')
  test.each([
    ['typo.ts', 'LR030', 'did you mean put_page?'],
    ['signature.ts', 'LR043', 'put_page(page: Folio): void, src/kernel/mm/gup.ts:'],
    ['lacking.ts', 'LR044', 'without class, shows'],
  ])('%s: %s', (file, code, what) => {
    const line = told.split('\n').find((l) => l.includes(file))
    expect(line).toContain(code)
    expect(line).toContain(what)
  })
  test('and nothing else is', () => expect(wrong.diagnostics).toHaveLength(3))
})

const right = programWith(
  {
    'gone.ts': `${header} import { wake_up_var } from 'lastref/kernel'
      export default change({ commit: 'gone', title: '', after: { put_devmap_managed_folio_refs(folio: Folio): boolean { wake_up_var(folio); return true } } })`,
    'elsewhere.ts': `${header} export default change({ commit: 'elsewhere', title: '', after: { sys_madvise_dontneed(): void {} } })`,
    'same.ts': `${header} import { put_page } from 'lastref/kernel'
      export default change({ commit: 'same', title: '', after: { pipe_buf_release(page: Folio): void { put_page(page) } } })`,
  },
  files,
)

describe('what proves nothing is refused', () => {
  const ask = (file: string, scenario: string): string => {
    const asked: CompileOptions = { scenario, kernel: `7.3+/nowhere/${file}`, fs: 'xfs', effect: 'changes' }
    const answer = right.compile(asked)
    return 'tasks' in answer ? 'compiles' : answer.map(formatDiagnostic).join('\n')
  }
  test('a function that the release has not', () => {
    expect(ask('gone.ts', 'dio-vs-punch-hole')).toMatch(
      /LR042.*7\.3 has no put_devmap_managed_folio_refs: 38607c62b34b of 6\.15/,
    )
  })
  test('a function that the scenario does not run, with one that does', () => {
    expect(ask('elsewhere.ts', 'dio-vs-punch-hole')).toMatch(/LR042[\s\S]*dontneed-vs-break/)
    expect(ask('elsewhere.ts', 'dontneed-vs-break')).toBe('compiles')
  })
  test('a change that changes nothing', () => expect(ask('same.ts', 'get-vs-punch-hole')).toContain('LR045'))
})

describe('bugs by strangers are found', () => {
  test.each(right.bugs.filter((bug) => files.includes(join(root, bug.file))))(
    '$slug',
    ({ slug, class: expected, shows }) => {
      const ask = (kernel: string, effect?: 'changes'): string => {
        const system = right.compile({ scenario: shows.scenario, kernel, fs: shows.fs, bounds: shows.bounds, effect })
        if (!('tasks' in system)) return system.map(formatDiagnostic).join('\n')
        const verdict = search(compileSystem(system), {
          maxStates: 1_000_000,
          memoryBytesMax: 2 ** 30,
          hangStatesMax: 1_000_000,
          poll: () => 'go',
        })
        return verdict.kind === 'violated' ? verdict.class : verdict.kind
      }
      expect(ask(`7.3+bug/${slug}`, 'changes')).toBe(expected)
    },
  )
})
