/** Arguments of what is run beside the product: `npm run mutants`, `npm run bench`, tools/sensitivity.ts. */
import { parseArgs, type ParseArgsConfig } from 'node:util'

/** As parseArgs; a mistake ends the program with 2, after what it is and how the program is called. */
export function argumentsOf<T extends ParseArgsConfig>(usage: string, config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    console.error(`${(error as Error).message}\nusage: ${usage}`)
    process.exit(2)
  }
}
