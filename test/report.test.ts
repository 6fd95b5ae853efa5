import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { diagram } from '../src/report/diagram.ts'
import type { Run } from '../src/report/failure.ts'
import { checkDocument } from '../src/report/json.ts'
import { junitText } from '../src/report/junit.ts'
import { ktapText } from '../src/report/ktap.ts'
import { sarifDocument } from '../src/report/sarif.ts'
import { runText } from '../src/report/text.ts'
import { lockCycle } from './fixtures/lock-cycle.ts'
import { lostWakeup } from './fixtures/lost-wakeup.ts'
import { runOn } from './fixtures/run.ts'
import { useAfterFree } from './fixtures/use-after-free.ts'
import { root } from './sources.ts'

const narrow = { width: 72, full: false }
const runs: Record<string, Run> = {
  'lost-wakeup': runOn(lostWakeup({ wakes: false })),
  'lost-wakeup-fixed': runOn(lostWakeup({ wakes: true })),
  'lost-wakeup-incomplete': runOn(lostWakeup({ wakes: true }), 10),
  'lock-cycle': runOn(lockCycle()),
  'use-after-free': runOn(useAfterFree()),
}
const all = Object.values(runs)
const failures = all.flatMap((run) => (run.failure ? [run.failure] : []))

/** Golden files; `npx vitest -u` writes them anew. */
const golden = (name: string) => `golden/report/${name}`

describe('text', () => {
  test.each(Object.keys(runs))('%s', async (name) => {
    await expect(runText(runs[name], narrow) + '\n').toMatchFileSnapshot(golden(`${name}.txt`))
  })

  test('every step of a diagram, in more room', async () => {
    const lines = diagram(runs['lost-wakeup'].failure!, { width: 100, full: true })
    await expect(lines.join('\n') + '\n').toMatchFileSnapshot(golden('lost-wakeup-full.txt'))
  })

  test.each([40, 60, 72, 80, 132])('nothing is wider than %i columns, but what is to be copied', (width) => {
    for (const run of all) {
      const lines = runText(run, { width, full: false }).split('\n').slice(1)
      const tooLong = lines.filter((line) => line.length > width && !/^(replay|again) /.test(line))
      expect(tooLong).toEqual([])
    }
  })

  test('plain ASCII, no blanks at the end', () => {
    for (const run of all)
      expect(runText(run, narrow)).toMatch(/^([\x20-\x7e]*[\x21-\x7e])?(\n([\x20-\x7e]*[\x21-\x7e])?)*$/)
  })

  test('the first line of a failure is one that editors jump to', () => {
    for (const failure of failures)
      expect(runText({ ...all[0], failure }, narrow)).toMatch(/^[\w./]+:\d+: violated: [a-z-]+: /)
  })
})

describe('a diagram', () => {
  test('has a column for each task that matters and none for others', () => {
    const header = (name: string) => diagram(runs[name].failure!, narrow)[0].trim().split(/  +/)
    expect(header('lost-wakeup')).toEqual(['CPU 0: reader', 'CPU 1: freer'])
    expect(header('use-after-free')).toEqual(['CPU 0: reader', 'CPU 1: truncate'])
  })

  test('fills one column in a row', () => {
    const [header, , ...rows] = diagram(runs['lost-wakeup'].failure!, narrow)
    const second = header.indexOf('CPU 1')
    for (const row of rows.filter((r) => !r.startsWith('(')))
      expect(row.slice(0, second).trim() === '' || row.slice(second).trim() === '').toBe(true)
  })

  test('is cut where it does not fit, and still a diagram, at any width', () => {
    for (const failure of failures)
      for (let width = 40; width < 120; width++)
        for (const full of [false, true])
          for (const line of diagram(failure, { width, full })) expect(line.length).toBeLessThanOrEqual(width)
  })
})

describe('for programs', () => {
  const schema = JSON.parse(readFileSync(`${root}schema/check-1.schema.json`, 'utf8')) as object

  test('JSON keeps to its schema', () => {
    const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema)
    const document: unknown = JSON.parse(JSON.stringify(checkDocument(all)))
    expect(validate(document), JSON.stringify(validate.errors, null, 2)).toBe(true)
  })

  test('the schema refuses what is not of it', () => {
    const validate = new Ajv({ allowUnionTypes: true }).compile(schema)
    const [run] = (checkDocument(all) as { runs: Record<string, unknown>[] }).runs
    for (const wrong of [
      { ...run, verdict: 'maybe' },
      { ...run, extra: 1 },
      { ...run, trace: '0-1' },
      { ...run, states: -1 },
    ])
      expect(validate({ schema: 'lastref/check/1', runs: [wrong] })).toBe(false)
  })

  test('JSON', async () => {
    const text = JSON.stringify(checkDocument([runs['lock-cycle'], runs['lost-wakeup-fixed']]), null, 2)
    await expect(text + '\n').toMatchFileSnapshot(golden('check.json'))
  })

  test('KTAP', async () => {
    await expect(ktapText(all) + '\n').toMatchFileSnapshot(golden('check.ktap'))
  })

  test('JUnit', async () => {
    await expect(junitText(all, narrow) + '\n').toMatchFileSnapshot(golden('check.junit.xml'))
  })

  test('SARIF', async () => {
    await expect(JSON.stringify(sarifDocument(all, '1.2.3'), null, 2) + '\n').toMatchFileSnapshot(golden('check.sarif'))
  })
})
