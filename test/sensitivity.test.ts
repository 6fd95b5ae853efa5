/** A sample of what tools/sensitivity.ts does with the whole collection. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sensitivity, table, type Tally } from '../tools/sensitivity.ts'
import { mutationKinds } from '../tools/trace-mutations.ts'
import { excerptFiles, excerpts, kernelOf } from './traces.ts'

const seed = 7

test(`single mutations of the excerpts, seed ${seed}: what is accepted is as recorded`, async () => {
  const tallies: Tally[] = []
  for (const name of excerptFiles()) {
    const tally = await sensitivity(readFileSync(join(excerpts, name), 'latin1'), kernelOf(name), {
      count: 28,
      seed,
      probes: null,
    })
    if (tally !== null) tallies.push(tally)
  }
  expect(tallies).toHaveLength(4)
  await expect(table(tallies)).toMatchFileSnapshot('golden/sensitivity.expected')
  // Where every change of a count is recorded, only another order can go unnoticed.
  const [recorded] = tallies
  for (const kind of mutationKinds)
    if (kind !== 'swap two events') expect(recorded.fates.get(kind)?.rejected ?? 0).toBe(sum(recorded.fates.get(kind)))
})

const sum = (row: Readonly<Record<string, number>> | undefined): number =>
  Object.values(row ?? {}).reduce((all, n) => all + n, 0)
