import { expect, test } from 'vitest'
import { oneLine } from './one-line.ts'
import ts from './typescript.ts'

const shown = (text: string): string =>
  oneLine(ts.createSourceFile('model.ts', text, ts.ScriptTarget.ES2022, true).statements[0])

test('statements are told apart', () => {
  expect(shown('when(\n  () => free,\n  () => {\n    sem.holder = current\n    acquired(sem)\n  },\n)')).toBe(
    'when( () => free, () => { sem.holder = current; acquired(sem) }, )',
  )
})

test('so are those of a block in a block, and no semicolon comes twice', () => {
  expect(shown('if (a) {\n  b();\n  if (c) {\n    d()\n    e()\n  }\n  f()\n}')).toBe(
    'if (a) { b(); if (c) { d(); e() }; f() }',
  )
})

test('what is on one line already stays', () => {
  expect(shown('a = b')).toBe('a = b')
})
