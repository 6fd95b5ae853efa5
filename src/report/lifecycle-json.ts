/** The answer of `lifecycle` for programs: schema "lastref/lifecycle/1", described in schema/lifecycle-1.schema.json. */
import type { LifeBreach, Lifecycle, LifeState, LifeTransition } from './lifecycle.ts'

export const lifecycleSchema = 'lastref/lifecycle/1'

export function lifecycleDocument(lives: readonly Lifecycle[]): object {
  return { schema: lifecycleSchema, subject: lives[0].subject, lifecycles: lives.map(lifecycleObject) }
}

function lifecycleObject(life: Lifecycle): object {
  const { kernel, fs, scenarios, explored, keys, shown, states, transitions } = life
  const term = ({ name, kind, means }: Lifecycle['keys'][number]) => ({ name, kind, means })
  return {
    kernel,
    fs,
    scenarios,
    explored,
    keys: keys.map(term),
    shown: shown.map(term),
    states: states.map((state) => stateObject(state, shown)),
    transitions: transitions.map((t) => transitionObject(t, states)),
  }
}

const stateObject = (state: LifeState, shown: Lifecycle['shown']): object => ({
  name: state.name,
  initial: state.isInitial,
  wrong: state.isWrong,
  explored: state.count,
  values: Object.fromEntries(shown.map((term, i) => [term.name, state.values[i]])),
  breaches: state.breaches.map(({ class: violation, message, function: name, place, scenarios }: LifeBreach) => ({
    class: violation,
    message,
    function: name,
    place,
    scenarios,
  })),
})

const transitionObject = ({ from, to, causes }: LifeTransition, states: readonly LifeState[]): object => ({
  from: states[from].name,
  to: states[to].name,
  causes: causes.map(({ function: name, places, count }) => ({ function: name, explored: count, places })),
})
