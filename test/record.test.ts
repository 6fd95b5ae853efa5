/** What `lastref record` prints: complete for what conform reads, and a script that runs. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { nearestKernel } from '../src/cli/record.ts'
import { observationsOf } from '../src/cli/trace-model.ts'
import { bpftraceScript, traceCmdScript, tracefsScript, type Recipe } from '../src/conformance/index.ts'
import { conformanceOf, excerpts, judge } from './traces.ts'

const folder = mkdtempSync(join(tmpdir(), 'lastref-record-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const kernels = ['5.10', '5.17', '5.18', '6.1', '6.1.176', '6.6', '6.12', '6.14', '6.15', '6.18', '7.3']
const recipeOf = (kernel: string): Recipe => {
  const { recording, recordingGroup } = observationsOf(kernel)
  return { kernel, probes: recording, group: recordingGroup, hasGroup: true, frames: [0x40000, 0x5ffff] }
}

describe.each(kernels)('%s', (kernel) => {
  test('a probe that is recorded has every field that conform reads of it', async () => {
    const { readings, table } = (await conformanceOf(kernel)).readings
    const { probes, group } = recipeOf(kernel)
    const recorded = new Map(Object.entries(group.probes).map(([name, fields]) => [name, [...fields]]))
    for (const { probe, fields } of probes) {
      expect(recorded.has(probe), `${probe} twice`).toBe(false)
      recorded.set(
        probe,
        fields.map((f) => f.split('=')[0]),
      )
    }
    for (const [i, { spec }] of readings.entries()) {
      const fields = recorded.get(spec.probe)
      if (fields !== undefined) expect(fields, spec.probe).toEqual(expect.arrayContaining([...table.probes[i].fields]))
      recorded.delete(spec.probe)
    }
    expect([...recorded.keys()]).toEqual([])
  })

  test('the scripts are shell', () => {
    for (const script of [tracefsScript, traceCmdScript])
      expect(spawnSync('sh', ['-n'], { input: script(recipeOf(kernel)), encoding: 'utf8' }).stderr).toBe('')
    expect(bpftraceScript(recipeOf(kernel))).toContain('kprobe:finish_wait')
  })
})

test('the script for tracefs sets up, records what conform judges, and takes down', async () => {
  const excerpt = readFileSync(join(excerpts, '7.3-vms.txt'), 'latin1')
  const recipe = recipeOf('7.3')
  const file = (name: string): string => readFileSync(join(folder, name), 'latin1')
  for (const { probe } of recipe.probes) mkdirSync(join(folder, 'events/lastref', probe), { recursive: true })
  mkdirSync(join(folder, 'events/page_ref'), { recursive: true })
  for (const name of ['kprobe_events', 'events/page_ref/enable']) writeFileSync(join(folder, name), '')
  writeFileSync(join(folder, 'trace_pipe'), excerpt.replace(/^#.*\n/gm, ''))
  const env = { ...process.env, TRACEFS: folder }
  const trace = execFileSync('sh', ['-c', tracefsScript(recipe)], { env, encoding: 'latin1' })

  expect(file('kprobe_events')).toMatch(/^p:lastref\/wake_up_var wake_up_var var=\$arg1:x64 cnt=\+0x34\(\$arg1\):s32$/m)
  expect(file('kprobe_events')).toMatch(/^r:lastref\/dax_layout_busy_ret /m)
  expect(file('kprobe_events')).toMatch(/^-:lastref\/memunmap_pages$/m)
  expect(file('events/page_ref/filter')).toBe('pfn >= 262144 && pfn <= 393215\n')
  expect(file('tracing_on')).toBe('0\n')

  const conformance = await conformanceOf('7.3')
  expect(trace).toMatch(/^# probes: wake_up_var .* page_ref_mod$/m)
  expect(judge(trace, conformance)).toMatchObject({
    verdict: 'conforms',
    judged: judge(excerpt, conformance).judged,
  })
})

test.each([
  ['6.1.176-klab', '6.1.176'],
  ['6.1.175', '6.1'],
  ['6.3.0-rc1', '6.1'],
  ['6.18.44-fc', '6.18'],
  ['7.9', '7.3'],
  ['5.12.3', '5.10'],
])('a machine with %s is taken for %s', (running, kernel) => {
  expect(nearestKernel(running, kernels)).toBe(kernel)
})

test('a kernel that is older than all, or says no number, is nobody we know', () => {
  expect(() => nearestKernel('4.19.1', kernels)).toThrow('older than every kernel')
  expect(() => nearestKernel('custom', kernels)).toThrow('give --kernel')
})
