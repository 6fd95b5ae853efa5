/** Every command that the documentation shows prints what it shows. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { documents, matches, root, run, sessionsOf } from './docs.ts'

describe.each(documents())('%s', (document) => {
  const sessions = sessionsOf(readFileSync(join(root, document), 'utf8'))
  test.each(sessions)('$command', ({ command, shown }) => {
    const cwd = mkdtempSync(join(tmpdir(), 'lastref-'))
    const printed = run(command, cwd)
    rmSync(cwd, { recursive: true })
    if (!matches(shown, printed)) expect(printed).toBe(shown)
  })
  test('has text', () => expect(readFileSync(join(root, document), 'utf8').length).toBeGreaterThan(100))
})

test('a changed output is seen', () => {
  expect(matches('one\n...\nthree\n', 'one\ntwo\nthree\n')).toBe(true)
  expect(matches('one\n...\nthree\n', 'one\ntwo\nfour\n')).toBe(false)
  expect(matches('one\n...\n', 'one\ntwo\n')).toBe(true)
  expect(matches('one\n', 'one\ntwo\n')).toBe(false)
})
