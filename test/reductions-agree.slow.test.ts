/**
 * Every scenario with and without reductions: merging of steps, and symmetry on top of it, change neither which properties
 * are violated nor how tasks hang. On the newest release, the quick ones on 5.18 too, which loses wake-ups. A few plain
 * searches are too long for a test: what those have met until then counts, and they are counted.
 */
import { afterAll, describe, expect, test } from 'vitest'
import { census, type Census } from '../src/checker/index.ts'
import { compileSystem } from '../src/compiler/backend/compile.ts'
import { formatDiagnostic, loadProgram } from '../src/compiler/index.ts'
import type { TransitionSystem } from '../src/model/system.ts'
import { root } from './docs.ts'
import { unlimited } from './systems/options.ts'

const program = loadProgram({ root })
const kernels = ['7.3', '5.18']
const plainStatesMax = 400_000
/** Of all cells; more would make the test pointless. */
const skippedShareMax = 0.25

const scenarios = program.scenarios.filter(({ file, usesKernel }) => file.startsWith('src/scenarios/') && usesKernel)
const cells = scenarios.flatMap(({ id, fs, since, until, group }) =>
  (group === 'quick' ? kernels : kernels.slice(0, 1))
    .filter((kernel) => isNotBefore(kernel, since) && (until === null || isNotBefore(until, kernel)))
    .map((kernel) => ({ id, kernel, fs: fs[0] })),
)

function isNotBefore(kernel: string, since: string | null): boolean {
  if (since === null) return true
  const [[major, minor], [sinceMajor, sinceMinor]] = [kernel, since].map((v) => v.split('.').map(Number))
  return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor)
}

function compiled(cell: (typeof cells)[number], reduce: boolean): TransitionSystem {
  const { id, kernel, fs } = cell
  const system = program.compile({ scenario: id, kernel, fs, reduce })
  if (!('tasks' in system)) throw new Error(system.map(formatDiagnostic).join('\n'))
  return system
}

/** What is wrong somewhere, in words, and whether the search came to its end. */
function faultsOf(system: TransitionSystem, { violations, hangs, unreached }: Census): string[] {
  const named = (property: number) => `${system.properties[property].class}: ${system.properties[property].message}`
  return [...new Set([...[...violations.keys(), ...unreached].map(named), ...hangs.keys()])].sort()
}

let skipped = 0

describe.each(cells)('$id $kernel', (cell) => {
  test('no reduction hides or invents anything', { timeout: 600_000 }, () => {
    const system = compiled(cell, false)
    const plain = census(compileSystem(system), { ...unlimited, maxStates: plainStatesMax, symmetry: false })
    const reduced = compiled(cell, true)
    const model = compileSystem(reduced)
    const merged = census(model, { ...unlimited, symmetry: false })
    const both = census(model, unlimited)
    expect(merged.incomplete).toBeNull()
    expect(faultsOf(reduced, both)).toEqual(faultsOf(reduced, merged))
    expect(both.statistics.states).toBeLessThanOrEqual(merged.statistics.states)
    if (plain.incomplete === null) {
      expect(faultsOf(reduced, merged)).toEqual(faultsOf(system, plain))
      expect(merged.statistics.finals > 0).toBe(plain.statistics.finals > 0)
    } else {
      skipped++
      expect(faultsOf(reduced, merged)).toEqual(expect.arrayContaining(faultsOf(system, { ...plain, unreached: [] })))
    }
  })
})

afterAll(() => expect(skipped).toBeLessThan(skippedShareMax * cells.length))
