/** Where text leaves the program: colours only on a terminal, a reader that goes away is no error. */
import { createRequire } from 'node:module'
import pc from 'picocolors'
import { status } from './exit.ts'

export const { version, description } = createRequire(import.meta.url)('lastref/package.json') as {
  version: string
  description: string
}

const colours = pc.createColors(process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb')

export function print(text: string): void {
  process.stdout.write(text)
}

/** Verdicts and state notes in colour. */
export function paint(text: string): string {
  if (!colours.isColorSupported) return text
  return text
    .replace(/^(\S+:\d+: |)violated: /gm, (all) => colours.bold(colours.red(all)))
    .replace(/: holds\b/g, `: ${colours.green('holds')}`)
    .replace(/: incomplete\b/g, `: ${colours.yellow('incomplete')}`)
    .replace(/<[^<>\n]*>/g, (note) => colours.cyan(note))
}

/** A cell of the matrix. */
export function paintCell(text: string): string {
  if (text.endsWith('!')) return colours.inverse(text)
  if (text.startsWith('ok')) return colours.green(text)
  return text.startsWith('?') ? colours.yellow(text) : colours.red(text)
}

/** `lastref ... | head`: the reader has seen enough. Without a verdict so far nobody can tell. */
export function endQuietlyOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      process.exit(process.exitCode ?? status.cannotTell)
    })
}
