/** How the command ends. `git bisect run` and CI read the numbers. */

export const status = {
  held: 0,
  violated: 1,
  usage: 2,
  /** 128 and the number of SIGINT, as shells say it. */
  killed: 130,
  /** Neither held nor violated: a limit or an interrupt came first. */
  cannotTell: 125,
  internal: 128,
} as const

/** The user's mistake: said in one line, exit status 2. */
export class UsageError extends Error {}

/** Prints why the program ends, and with which status. */
export function report(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`lastref: ${error.message}\n`)
    return status.usage
  }
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(
    `lastref: internal failure, which says nothing about the kernel\n${trace}\n` +
      `Please report it with the output above and the command: ${commandLine()}\n`,
  )
  return status.internal
}

/** What the user typed. */
export const commandLine = (): string => ['lastref', ...process.argv.slice(2)].map(quoted).join(' ')

/** A word as a shell reads it. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
