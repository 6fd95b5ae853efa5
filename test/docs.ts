/** Shell sessions in the documentation: run, compared, and rewritten by `npm run docs`. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..').replace(/\/dist$/, '')

export const documents = (): string[] => [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((f) => f.endsWith('.md'))
    .map((f) => `docs/${f}`),
]

export interface Session {
  readonly command: string
  readonly shown: string
}

const BLOCK = /```console\n([\s\S]*?)```/g

/** Sessions of all console blocks of a text: lines after `$ ` up to the next one are what the command shows. */
export function sessionsOf(text: string): Session[] {
  return [...text.matchAll(BLOCK)].flatMap(([, block]) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const end = part.indexOf('\n')
        return { command: part.slice(0, end), shown: part.slice(end + 1) }
      }),
  )
}

const FILE = /```\w+ (\S+)\n([\s\S]*?)```/g

/** Does something in a folder of its own that holds the files of a text: code blocks with a name, ```ts model.ts. */
export function inWorkspace<T>(text: string, body: (cwd: string) => T): T {
  const cwd = mkdtempSync(join(tmpdir(), 'lastref-'))
  try {
    for (const [, name, content] of text.matchAll(FILE)) writeFileSync(join(cwd, name), content)
    return body(cwd)
  } finally {
    rmSync(cwd, { recursive: true })
  }
}

/** What the command prints, run in `cwd`. */
export function run(command: string, cwd: string): string {
  const program = join(root, 'dist/src/cli/main.js')
  // Documents speak of recordings in a folder `traces`.
  if (/\btraces\//.test(command) && !existsSync(join(cwd, 'traces')))
    symlinkSync(join(root, 'test/golden/traces'), join(cwd, 'traces'))
  const script = `lastref() { node ${JSON.stringify(program)} "$@"; }\n${command}`
  const { stdout, stderr } = spawnSync('bash', ['-c', script], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', COLUMNS: '100' },
  })
  return (stdout + stderr).replace(/[ \t]+$/gm, '')
}

/** A line `...` of the documentation stands for any lines. */
export function matches(shown: string, printed: string): boolean {
  const pattern = shown
    .trimEnd()
    .split(/^\.\.\.\n/m)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('(?:.*\\n)*?')
    .replace(/\n\\\.\\\.\\\.$/, '\\n[\\s\\S]*')
  return new RegExp(`^${pattern}\\s*$`).test(`${printed.trimEnd()}\n`)
}

/** The text with every session's output replaced by what is printed now; sessions with `...` are kept if they still match. */
export function rewritten(text: string, cwd: string): string {
  return text.replace(BLOCK, (_, block: string) => {
    const sessions = sessionsOf('```console\n' + block + '```')
    const parts = sessions.map(({ command, shown }) => {
      const printed = run(command, cwd)
      return `$ ${command}\n${shown !== '' && matches(shown, printed) ? shown : `${printed.trimEnd()}\n`}`
    })
    return '```console\n' + parts.join('') + '```'
  })
}
