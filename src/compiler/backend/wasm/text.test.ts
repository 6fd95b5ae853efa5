import { expect, test } from 'vitest'
import wabt from 'wabt'
import { pinwake } from '../../../../test/systems/pinwake.ts'
import { webAssemblyText } from './text.ts'
import { allActions } from '../../../model/system.ts'

test('the text has a named function for every action, below its source line, and a WebAssembly tool makes a valid module of it', async () => {
  const system = pinwake({ pages: 1, users: 2, loops: 1 })
  const text = await webAssemblyText(system)
  const actions = allActions(system)
  const named = [...text.matchAll(/^ {2};; (\S+:\d+: .*)\n {2}\(func \$(t\d+_\w+)/gm)]
  expect(named).toHaveLength(actions.length)
  expect(new Set(named.map(([, , name]) => name)).size).toBe(actions.length)
  expect(text).toContain(`  ;; pinwake.ts:6: user0 u5\n  (func $t0_user0_5 `)
  const module = (await wabt()).parseWat('search.wat', text, { threads: true })
  expect(WebAssembly.validate(Uint8Array.from(module.toBinary({}).buffer))).toBe(true)
})
