/** The whole collection of recordings, watched by the monitors of their kernels. */
import { expect, test } from 'vitest'
import { probesFor } from '../src/cli/conform.ts'
import { monitorDot } from '../src/conformance/index.ts'
import { watch, type Violation } from './monitor-watch.ts'
import { readRvDot } from './rv-dot.ts'
import { conformanceOf, monitorFor, recordings, textOf, traces } from './traces.ts'

const absent = 'the collection of recordings does not lie beside the checkout'
const all = traces === null ? [] : recordings()

async function watched(name: string, kernel?: string): Promise<Violation[]> {
  const { file, kernel: own } = all.find((r) => r.name === name)!
  const monitor = await monitorFor(kernel ?? own, probesFor(file, undefined)!)
  const conformance = await conformanceOf(kernel ?? own)
  return watch(textOf(file).toString('latin1'), conformance, monitor, readRvDot(monitorDot(monitor)))
}

test('no recording is a violation of its kernel: what is wrong with 6.1.176 no record of one task tells', async ({
  skip,
}) => {
  skip(traces === null, absent)
  for (const { name } of all) expect.soft(await watched(name), name).toEqual([])
})

test('lost wake-ups are violations of the repaired kernel', async ({ skip }) => {
  skip(traces === null, absent)
  for (const step of ['dio', 'reflink', 'pmd', 'cow', 'mix'])
    expect.soft((await watched(`k61-xfs/${step}`, '6.1.176+bio-fix'))[0]?.event, step).toBe('page_ref_mod_and_test')
  for (const step of ['map', 'vms', 'pvm'])
    expect.soft(await watched(`k61-xfs/${step}`, '6.1.176+bio-fix'), step).toEqual([])
  const [of2022] = await watched('k61bug-xfs/pvm', '6.1.176')
  expect(of2022).toMatchObject({ state: 'after_gup_put_folio', event: 'page_ref_mod_and_test' })
  expect(await watched('k61bug-xfs/vms', '6.1.176')).toEqual([])
})

test('recordings of the other era are violations, where they show more than mappings and plain references', async ({
  skip,
}) => {
  skip(traces === null, absent)
  const silent: string[] = []
  for (const { name, kernel } of all) {
    const isOld = /^5|^6\.(\d|1[0-4])(\D|$)/.test(kernel)
    if ((await watched(name, isOld ? '6.15' : '6.14')).length === 0) silent.push(name)
  }
  expect(silent).toEqual([
    'd510-xfs/map',
    'd61-xfs/cow',
    'd61-xfs/map',
    'd612-xfs/map',
    'k61-unbind/unbind',
    'k61-xfs/cow',
    'k61-xfs/map',
    'k61fix-ext4/map',
    'k61fix-xfs/map',
  ])
})
