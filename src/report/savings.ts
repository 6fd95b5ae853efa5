/** What each reduction saved in one run. */
import { unreachable } from '../base/assert.ts'
import type { Statistics } from '../model/model.ts'
import { allActions, type Statement, type Task, type TransitionSystem } from '../model/system.ts'
import { counted } from './names.ts'

export type Saving =
  /** Steps that the code of the tasks has, and actions that they became. */
  | { readonly kind: 'merging'; readonly steps: number; readonly actions: number }
  | {
      readonly kind: 'symmetry'
      /** Groups of tasks that nothing tells apart. */
      readonly tasks: readonly (readonly string[])[]
      /** States that those explored stand for. */
      readonly states: number
      /** False: from a sample. */
      readonly isExact: boolean
    }

export function savings(system: TransitionSystem, { represents }: Statistics): Saving[] {
  const actions = allActions(system)
  const steps = system.tasks.reduce((sum, task) => sum + stepsOf(task), 0)
  const merging: Saving[] = system.reductions.length === 0 ? [] : [{ kind: 'merging', steps, actions: actions.length }]
  if (!represents) return merging
  const tasks = system.symmetries.map((s) => s.tasks.map((t) => system.tasks[t].name))
  return [...merging, { kind: 'symmetry', tasks, ...represents }]
}

/** Of how many steps the actions of a task are made. */
function stepsOf({ locations }: Task): number {
  const sites = new Set<number>()
  const known = new Set<Statement>() // actions share what they have in common
  const visit = (s: Statement): void => {
    if (known.has(s)) return
    known.add(s)
    if (s.kind === 'step') sites.add(s.site)
    if (s.kind === 'if') [...s.then, ...s.otherwise].forEach(visit)
  }
  for (const { actions } of locations) for (const { body } of actions) body.forEach(visit)
  return sites.size
}

/** As half a sentence. Merging is always there and goes without saying. */
export function savingText(saving: Saving): string {
  switch (saving.kind) {
    case 'merging':
      return ''
    case 'symmetry': {
      const groups = saving.tasks.map((names) => names.join(' = ')).join(', ')
      return `for ${saving.isExact ? '' : 'about '}${counted(saving.states, 'state')} by symmetry: ${groups}`
    }
    default:
      return unreachable(saving)
  }
}

/** For programs. */
export function savingObject(saving: Saving): object {
  const { kind, ...rest } = saving
  return { name: kind, ...rest }
}
