import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * Whether an outside command (spin, rumur, gcc) is there. Where it is not, a test says so and is skipped:
 *
 *   test('spin counts the same states', ({ skip }) => {
 *     skip(!needTool('spin'), 'spin is not installed')
 *
 * In CI an absent tool is a failure, so that no comparison is lost without anybody noticing.
 */
export function needTool(name: string): boolean {
  const found = hasTool(name)
  if (!found && process.env.CI) throw new Error(`${name} is not installed, and CI may not skip what needs it (.ci/run)`)
  return found
}

function hasTool(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
