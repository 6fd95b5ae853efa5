import { expect, test } from 'vitest'
import type { Outcome } from '../tools/mutant-bench.ts'
import { judge, printKillers, promising, readKillers, readReasons } from '../tools/mutant-records.ts'
import { mutationPoints } from '../tools/mutation-points.ts'

const code = `
export function put_entry(entry: Entry, table: Table): void {
  spin_lock(table.lock)
  if (entry.gone) {
    spin_unlock(table.lock)
    return
  }
  entry.locked = false
  spin_unlock(table.lock)
  down_read(table.sem)
  while (entry.busy) schedule()
  up_read(table.sem)
  local_irq_save()
  if (count === 1) return
  if (in_pmd_range(count)) return
  local_irq_restore()
  wake_up_var(entry)
  wake_up_var(entry)
  flush_tlb(entry)
  dax_lock_entry(entry)
  dax_unlock_entry(entry)
  trace('put_entry', entry)
}
`

test('every lock, wake-up, wait, barrier and recheck is a point', () => {
  const points = mutationPoints('src/kernel/x.ts', code)
  expect(points.map(({ kind, what, omit }) => `${kind} ${what} ${omit.length}`)).toEqual([
    'lock without spin_lock(table.lock) 3',
    'lock without down_read(table.sem) 2',
    'lock without local_irq_save() 2',
    'lock without dax_lock_entry(entry) 2',
    'wait without schedule() 1',
    'wake without wake_up_var(entry) 1',
    'wake without wake_up_var(entry) (2) 1',
    'barrier without flush_tlb(entry) 1',
    'recheck if (entry.gone) is never true 1',
    'recheck while (entry.busy) is never true 1',
  ])
  expect(points[0].omit).toEqual(['src/kernel/x.ts:3:3', 'src/kernel/x.ts:5:5', 'src/kernel/x.ts:9:3'])
  expect(points[8].omit).toEqual(['src/kernel/x.ts:4:7-10=0'])
  expect(points[8].spans).toEqual([{ from: { line: 4, column: 7 }, to: { line: 4, column: 17 } }])
  expect(points[6].key).toBe('src/kernel/x.ts: put_entry: without wake_up_var(entry) (2)')
})

test('what a commit has replaced is kernel code of the releases before it', () => {
  const change = `
export default change({
  commit: '237388320dee', since: '5.13',
  before: { put_entry(entry: Entry): void { wake_up_var(entry) } },
  given: { other(): void { schedule() } },
})`
  const points = mutationPoints('src/history/237388320dee.ts', change)
  expect(points.map(({ key, until }) => `${key} until ${until}`)).toEqual([
    'src/history/237388320dee.ts: put_entry: without wake_up_var(entry) until 5.13',
  ])
})

test('a survivor needs a reason, and a reason a survivor', () => {
  const reasons = readReasons(
    '# why\n\nlives\n  It has\n  a reason.\nlives: too\ndied\n  No more.\ngone\n  Where?\nuntried\n  Later.\nno kernel\n  A loop.\n',
  )
  const outcomes = new Map<string, Outcome>([
    ['lives', { kind: 'survived', undecided: 0 }],
    ['lives: too', { kind: 'survived', undecided: 0 }],
    ['never runs', { kind: 'unreached' }],
    ['no kernel', { kind: 'stillborn', why: 'a loop without a step' }],
    ['died', { kind: 'killed', by: 'dio-vs-truncate 7.3 xfs', class: 'leak' }],
  ])
  const keys = [...outcomes.keys(), 'untried']
  expect(reasons.get('lives')).toBe('It has a reason.')
  expect(judge(keys, outcomes, reasons)).toEqual({
    explained: ['lives'],
    unexplained: ['lives: too', 'never runs'],
    stale: ['died', 'gone'],
  })
})

test('what kills a mutant is read as it was written', () => {
  const killers = new Map([
    ['src/kernel/x.ts: f: if (a || b) is never true', { by: 'bug/slug (also 1) 5.10+fixed/slug xfs', class: 'leak' }],
    ['src/kernel/x.ts: f: without g(x)', { by: 'unbind-vs-pin 7.3', class: 'data-race' }],
  ])
  expect(readKillers(printKillers(killers))).toEqual(killers)
})

test('a cell that killed the mutant goes first, then those that killed its neighbours', () => {
  const killed = (by: string) => ({ by, class: 'leak' })
  const killers = new Map([
    ['a.ts: f: one', killed('other file')],
    ['a.ts: f: two', killed('other file')],
    ['a.ts: g: one', killed('same name')],
    ['b.ts: f: one', killed('same file')],
    ['b.ts: g: one', killed('same function')],
    ['b.ts: g: two', killed('itself')],
    ['c.ts: h: one', killed('anywhere')],
  ])
  const rest = ['same function', 'same name', 'same file', 'other file', 'anywhere']
  expect(promising('b.ts: g: two', killers)).toEqual(['itself', ...rest])
  expect(promising('b.ts: g: new', killers)).toEqual(['same function', 'itself', ...rest.slice(1)])
})
