import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Also when this is run as built. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/dist\/$/, '')

/** A file as the rules about files see it. */
export interface SourceFile {
  /** Relative to the root of the repository. */
  readonly path: string
  readonly text: string
}

/** Every tracked file of text; in an unpacked archive, where git knows nothing, every file that is not built. */
export function trackedFiles(): SourceFile[] {
  return (pathsFromGit() ?? pathsFromDisk())
    .filter((path) => existsSync(root + path))
    .map((path) => ({ path, text: readFileSync(root + path, 'utf8') }))
    .filter((file) => !file.text.includes('\0'))
}

function pathsFromGit(): string[] | undefined {
  try {
    const out = execFileSync('git', ['ls-files', '-z'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const paths = out.split('\0').filter((path) => path !== '')
    return paths.length > 0 ? paths : undefined
  } catch {
    return undefined
  }
}

function pathsFromDisk(directory = ''): string[] {
  return readdirSync(root + directory, { withFileTypes: true })
    .filter((entry) => !['.git', 'node_modules', 'dist', 'coverage', '.lastref-cache'].includes(entry.name))
    .flatMap((entry) => {
      const path = directory + entry.name
      return entry.isDirectory() ? pathsFromDisk(path + '/') : entry.isFile() ? [path] : []
    })
}
