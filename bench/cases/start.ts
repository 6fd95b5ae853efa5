/** What a user waits for: one small question, and the whole matrix. Whole processes, from the command to its end. */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { contest, type Contestant } from '../harness/contest.ts'
import { atMost, medianOf, type Benchmark, type BenchmarkWorkshop } from '../harness/figures.ts'

const question = ['dio-vs-truncate', '--kernel', '7.3']

/** The command, with the cache of compiled models in a folder; null: without. */
function command(
  { root }: BenchmarkWorkshop,
  name: string,
  given: readonly string[],
  cache: string | null,
): Contestant {
  return {
    name,
    file: process.execPath,
    arguments: [join(root, 'dist/src/cli/main.js'), ...given],
    environment: { LASTREF_CACHE: cache ?? 'off' },
    read(output) {
      const found = /: holds\s\(([\d,]+) states/.exec(output) ?? /all as recorded/.exec(output)
      if (!found) throw new Error(`neither \`holds\` nor \`all as recorded\`:\n${output.slice(-500)}`)
      return { counted: found[0], states: null, seconds: null }
    },
  }
}

export const start: Benchmark = {
  name: 'start',
  title: 'Start-up',
  async run(workshop) {
    const cache = join(workshop.folder, 'cache')
    const fill = { ...command(workshop, 'first', ['check', ...question], cache), roundsMax: 1 }
    await contest({ ...workshop, rounds: 1 }, [fill])
    const standings = await contest(workshop, [
      command(workshop, 'lastref check, asked before', ['check', ...question], cache),
      command(workshop, 'lastref check, never asked', ['check', ...question], null),
    ])
    return {
      name: this.name,
      title: this.title,
      text: `Whole process of \`lastref check ${question.join(' ')}\`, a scenario of about 1,000 states.`,
      tables: [{ title: 'one question', standings }],
      claims: [atMost('check of 1,000 states, asked before', medianOf(standings[0], 'wallSeconds') * 1000, 400, ' ms')],
      missing: [],
    }
  },
}

export const matrix: Benchmark = {
  name: 'matrix',
  title: 'The whole matrix',
  async run(workshop) {
    const cache = mkdtempSync(join(workshop.folder, 'matrix-'))
    const given = workshop.quick ? ['matrix', 'write-vs-read-fault'] : ['matrix', '--all', '--fs', 'all']
    const rounds = workshop.full ? workshop.rounds : 1
    const cold = await contest({ ...workshop, rounds: 1 }, [command(workshop, 'never asked', given, cache)])
    const warm = await contest({ ...workshop, rounds }, [command(workshop, 'asked before', given, cache)])
    rmSync(cache, { recursive: true })
    return {
      name: this.name,
      title: this.title,
      text: `Whole process of \`lastref ${given.join(' ')}\`, on all cores: every release, file system and scenario.`,
      tables: [{ title: given.join(' '), standings: [...cold, ...warm] }],
      claims: [
        atMost('the whole matrix, never asked', medianOf(cold[0], 'wallSeconds'), 120, ' s'),
        atMost('the whole matrix, asked before', medianOf(warm[0], 'wallSeconds'), 120, ' s'),
      ],
      missing: [],
    }
  },
}
