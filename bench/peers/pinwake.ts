/** The benchmark model as written by hand for other checkers, in a size. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { numberIn, runTool, type Peer } from './peer.ts'

export interface Size {
  readonly pages: number
  readonly users: number
  readonly loops: number
}

const wordsOf = ({ pages, users, loops }: Size): [string, number][] => [
  ['PAGES', pages],
  ['USERS', users],
  ['LOOPS', loops],
]

export function promelaFor(root: string, size: Size): string {
  const text = readFileSync(join(root, 'bench/peers/pinwake.pml'), 'utf8')
  return [...wordsOf(size).map(([word, n]) => `#define ${word} ${n}`), text].join('\n')
}

export function murphiFor(root: string, size: Size): string {
  const text = readFileSync(join(root, 'bench/peers/pinwake.m'), 'utf8')
  return wordsOf(size).reduce((t, [word, n]) => t.replace(`: ${word};`, `: ${n};`), text)
}

/** The C program. Its table is as large as it is told, so it need not grow. */
export function buildSpecialised(folder: string, root: string, size: Size, tableBits: number): Peer {
  const file = join(folder, 'pinwake')
  const defines = wordsOf(size).map(([word, n]) => `-D${word}=${n}`)
  runTool('gcc', ['-O3', '-march=native', ...defines, '-o', file, join(root, 'bench/peers/pinwake.c')], folder)
  return { file, arguments: [String(tableBits)], countsIn }
}

const countsIn: Peer['countsIn'] = (output) => ({
  states: numberIn(output, /states (\d+)/),
  transitions: numberIn(output, /transitions (\d+)/),
  errors: 0,
})

export const secondsOfSpecialised = (output: string): number => numberIn(output, /seconds ([\d.]+)/)
