import { expect, test } from 'vitest'
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
  expect(points[6].key).toBe('src/kernel/x.ts: put_entry: without wake_up_var(entry) (2)')
})
