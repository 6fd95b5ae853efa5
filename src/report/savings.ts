/** What each reduction saved in one run. */
import { unreachable } from '../base/assert.ts'
import type { Statistics } from '../model/model.ts'
import type { Statement, TransitionSystem } from '../model/system.ts'
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
  const actions = system.tasks.flatMap((task) => task.locations.flatMap((l) => l.actions))
  const steps = new Set(actions.flatMap(({ task, body }) => sitesIn(body).map((site) => `${task} ${site}`))).size
  const merging: Saving[] = system.reductions.length === 0 ? [] : [{ kind: 'merging', steps, actions: actions.length }]
  if (!represents) return merging
  const tasks = system.symmetries.map((s) => s.tasks.map((t) => system.tasks[t].name))
  return [...merging, { kind: 'symmetry', tasks, ...represents }]
}

const sitesIn = (body: readonly Statement[]): number[] =>
  body.flatMap((s) =>
    s.kind === 'step' ? [s.site] : s.kind === 'if' ? [...sitesIn(s.then), ...sitesIn(s.otherwise)] : [],
  )

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
