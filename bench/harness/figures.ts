/** What a benchmark found, as plain data: medians, ratios of pairs, and whether a claim is met. */
import type { Sample, Standing } from './contest.ts'

/** A benchmark by name. A new one is a file under bench/cases and a line in bench/main.ts. */
export interface Benchmark {
  readonly name: string
  readonly title: string
  readonly run: (workshop: BenchmarkWorkshop) => Promise<Result>
}

export interface BenchmarkWorkshop {
  readonly root: string
  readonly folder: string
  readonly rounds: number
  /** Small sizes: shows that everything runs; the figures mean nothing. */
  readonly quick: boolean
  /** Sizes that take longer than the rest together. */
  readonly full: boolean
  readonly say: (text: string) => void
}

export interface Result {
  readonly name: string
  readonly title: string
  /** What was compared, in a sentence or two. */
  readonly text: string
  readonly tables: readonly { readonly title: string; readonly standings: readonly Standing[] }[]
  readonly claims: readonly Claim[]
  /** What could not be measured, and why. */
  readonly missing: readonly string[]
  readonly plot?: Plot
  /** It ended with an error, which is in `missing`. */
  readonly failed?: boolean
}

export interface Claim {
  readonly text: string
  readonly value: number
  readonly unit: string
  readonly aim: 'at least' | 'at most'
  readonly target: number
  readonly isMet: boolean
}

/** Lines over states, both axes logarithmic. */
export interface Plot {
  readonly file: string
  readonly title: string
  readonly lines: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[]
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export const medianOf = ({ samples }: Standing, key: keyof Sample): number => median(samples.map((s) => s[key]))

/** How many times longer `b` takes than `a`: the median over the rounds in which both ran. */
export function timesLonger(a: Standing, b: Standing, key: keyof Sample = 'seconds'): number {
  const rounds = Math.min(a.samples.length, b.samples.length)
  return median(Array.from({ length: rounds }, (_, i) => b.samples[i][key] / a.samples[i][key]))
}

export const atLeast = (text: string, value: number, target: number, unit = ' x'): Claim => ({
  text,
  value,
  unit,
  aim: 'at least',
  target,
  isMet: value >= target,
})

export const atMost = (text: string, value: number, target: number, unit = ' x'): Claim => ({
  text,
  value,
  unit,
  aim: 'at most',
  target,
  isMet: value <= target,
})
