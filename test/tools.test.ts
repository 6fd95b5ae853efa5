import { afterEach, expect, test, vi } from 'vitest'
import { needTool } from './tools.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

test('a tool that is there is found', () => {
  expect(needTool('node')).toBe(true)
})

test('an absent tool is a skip on a desk and a failure in CI', () => {
  vi.stubEnv('CI', '')
  expect(needTool('no-such-tool')).toBe(false)
  vi.stubEnv('CI', 'true')
  expect(() => needTool('no-such-tool')).toThrow('no-such-tool is not installed')
})
