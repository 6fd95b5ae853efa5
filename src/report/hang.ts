/** The words of a hang: for every task that waits, what for, who could have woken it, and what missed it. */
import { allActions, type Action, type Statement, type TransitionSystem } from '../model/system.ts'
import { culpritOf, cycleOf, type Failure } from './failure.ts'
import { stackOf, type Step } from './steps.ts'
import { coneOf } from './story.ts'
import type { Waiter } from './waiter.ts'
import { enumerated, labelled, wrap } from './wrap.ts'

const column = 15

export function hangLines(failure: Failure, width: number): string[] {
  const { waiting } = failure
  const culprit = culpritOf(failure)
  const others = waiting.filter((w) => w !== culprit)
  const lines = [...(culprit ? [culprit] : []), ...others].flatMap((w) => [...waiterLines(failure, w, width), ''])
  const cycle = cycleOf(waiting)
  if (cycle.length > 1)
    lines.push(
      ...labelled(
        'cycle',
        `${cycle.map((w) => `${w.name} -> ${w.object}`).join(' -> ')} -> ${cycle[0].name}`,
        column,
        width,
      ),
      '',
    )
  return lines.slice(0, -1)
}

function waiterLines(failure: Failure, w: Waiter, width: number): string[] {
  const line = (label: string, text: string) => labelled(`  ${label}`, text, column, width)
  const how = w.kind === 'sleep' ? `sleeps${w.state ? ` (${w.state})` : ''}` : 'waits'
  const isCulprit = w === culpritOf(failure)
  const isMissed = isCulprit && failure.class === 'missed-wakeup'
  return [
    ...wrap(`${w.name} ${how}${stackText(w)} at ${w.place.file}:${w.place.line}`, width, '  '),
    ...line(w.kind === 'lock' ? 'lock' : 'object', w.object),
    ...(w.kind === 'lock' && w.holders.length > 0
      ? line('held by', heldByText(failure, w))
      : line('wants', wantsText(w))),
    ...(w.locks.length > 0 ? line('holds', w.locks.join(', ')) : []),
    ...(w.kind === 'sleep' ? line('woken by', wakersText(failure, w)) : []),
    ...(isMissed ? line('missed', missedText(failure, w)) : []),
    ...(isMissed ? line('rescue', rescueText(failure)) : []),
    ...(isCulprit && !isMissed && w.kind !== 'lock' ? line('last change', lastChangeText(failure, w)) : []),
  ]
}

function stackText(w: Waiter): string {
  const wait = w.stack[w.waitDepth - 1] ?? w.stack.at(-1)
  return wait ? ` in ${wait.function}(), called` : ''
}

function heldByText({ system, waiting }: Failure, w: Waiter): string {
  const each = w.holders.map((t) => {
    const stuck = waiting.find((other) => other.task === t)
    if (t === w.task) return `${w.name} itself`
    return stuck
      ? `${stuck.name}, which waits itself`
      : `${system.tasks[t].name}, which has finished without releasing it`
  })
  return enumerated(each)
}

/** Everything in the system that changes what the guard of a sleeper reads: by task, entry and the function that wakes. */
function wakersText({ system }: Failure, w: Waiter): string {
  const stores = storesInto(system, new Set(w.guardReads)).filter(({ action }) => action.task !== w.task)
  const stacks = stores.map(({ action, site }) => ({
    task: action.task,
    stack: stackOf(system, system.sites[site].call),
  }))
  const byTask = new Map<string, Set<string>>()
  for (const { task, stack } of stacks) {
    const waker = stack.find((f) => f.function.includes('wake')) ?? stack.at(-1)
    const path = [...new Set([stack[0], waker].filter((f) => f !== undefined).map((f) => `${f.function}()`))]
    const { name } = system.tasks[task]
    byTask.set(name, (byTask.get(name) ?? new Set()).add(path.join(' .. ')))
  }
  if (byTask.size === 0) return 'nothing that any task of this scenario does'
  return [...byTask]
    .map(([task, paths]) => `${task}: ${[...paths].slice(0, 3).join(', ')}${paths.size > 3 ? ', ...' : ''}`)
    .join('; ')
}

/** Stores into any of the variables, with the source line that each belongs to. */
export function storesInto(
  system: TransitionSystem,
  variables: ReadonlySet<number>,
): { action: Action; site: number }[] {
  const found: { action: Action; site: number }[] = []
  const visit = (action: Action, statements: readonly Statement[], begin: number): void => {
    let site = begin
    for (const s of statements) {
      if (s.kind === 'step') site = s.site
      if (s.kind === 'if') for (const branch of [s.then, s.otherwise]) visit(action, branch, site)
      if (s.kind !== 'store') continue
      const places = s.place.kind === 'variable' ? [s.place.variable] : s.place.variables
      if (places.some((v) => variables.has(v))) found.push({ action, site })
    }
  }
  for (const task of system.tasks)
    for (const { actions } of task.locations) for (const action of actions) visit(action, action.body, action.site)
  return found
}

function wantsText({ condition, holds, reads }: Waiter): string {
  const values = reads.map((r) => `${r.name} is ${r.value}`).join(', ')
  return `${condition}, which ${holds ? 'holds' : 'does not hold'}${values ? `: ${values}` : ''}`
}

/** Who last changed what the condition reads, and so decided that it stays false. */
function lastChangeText(failure: Failure, w: Waiter): string {
  const wanted = w.reads.map((r) => r.variable)
  const step = failure.steps.findLast((s) => s.changes.some((c) => wanted.includes(c.variable)))
  if (!step) return 'none: what it waits for never changed'
  const changes = step.changes.filter((c) => wanted.includes(c.variable)).map((c) => `${c.name} ${c.from} -> ${c.to}`)
  return `${where(failure, step)}: ${changes.join(', ')}; nobody left changes it again`
}

function missedText(failure: Failure, w: Waiter): string {
  const { steps, hang } = failure
  const { core, queue } = coneOf(failure)
  const turn = steps.findLast((s) => s.index === hang?.missedAt && s.changes.some((c) => core.has(c.variable)))
  const made = turn
    ? `${where(failure, turn)} made the condition true and woke nobody`
    : 'the condition never became true'
  const others = steps.filter((s) => s.task !== w.task)
  const look = others.findLast((s) => s.reads.some((r) => queue.has(r.variable) && !w.guardReads.includes(r.variable)))
  const wake = others.findLast((s) => s.changes.some((c) => queue.has(c.variable)))
  if (wake) return `${made}; the last wake-up was that of ${where(failure, wake)}`
  if (look) return `${made}; the last to look for sleepers was ${where(failure, look)}`
  return `${made}; nobody even looked for sleepers`
}

function rescueText({ system, hang }: Failure): string {
  if (!hang?.rescue || hang.rescue.length === 0) return 'none: after that no continuation wakes it'
  const actions = allActions(system)
  const foreign = hang.rescue.map((id) => actions[id]).filter((a) => a.task !== hang.sleeper)
  const last = foreign.at(-1)
  if (!last) return 'it goes on by itself'
  const stack = stackOf(system, system.sites[last.site].call)
  const path = [stack[0], stack.at(-1)].filter((f) => f !== undefined).map((f) => `${f.function}()`)
  return `possible: after that ${system.tasks[last.task].name} could still have woken it, in ${[...new Set(path)].join(' .. ')}`
}

function where({ system }: Failure, step: Step): string {
  const frame = step.stack.at(-1)
  const place = `${step.file}:${step.line}`
  return `${system.tasks[step.task].name} in ${frame ? `${frame.function}() at ` : ''}${place} (step ${step.index + 1})`
}
