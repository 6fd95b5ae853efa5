/** Every command that the documentation shows prints what it shows. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { documents, inWorkspace, matches, root, run, sessionsOf } from './docs.ts'

describe.each(documents())('%s', (document) => {
  const text = readFileSync(join(root, document), 'utf8')
  const sessions = sessionsOf(text)
  test.each(sessions)('$command', ({ command, shown }) => {
    const printed = inWorkspace(text, (cwd) => run(command, cwd))
    if (!matches(shown, printed)) expect(printed).toBe(shown)
  })
  test('has text', () => expect(text.length).toBeGreaterThan(100))
  test('links lead somewhere', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link)
    expect(links.filter((link) => !existsSync(join(root, dirname(document), link)))).toEqual([])
  })
})

test('a changed output is seen', () => {
  expect(matches('one\n...\nthree\n', 'one\ntwo\nthree\n')).toBe(true)
  expect(matches('one\n...\nthree\n', 'one\ntwo\nfour\n')).toBe(false)
  expect(matches('one\n...\n', 'one\ntwo\n')).toBe(true)
  expect(matches('one\n', 'one\ntwo\n')).toBe(false)
})
