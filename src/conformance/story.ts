/** The last events of an object, and what the model makes of each. */
import { ELSEWHERE, type Follower } from './follower.ts'
import type { History, PastEvent } from './history.ts'
import type { TracedObject } from './traced.ts'
import type { Story, StoryLine } from './verdict.ts'

const linesMax = 400

/** `counter`: number of the variable that is told. */
export function storyOf(
  object: TracedObject,
  name: string,
  follower: Follower,
  history: History,
  counter: number,
): Story {
  const past = history.of(object.frame, linesMax + 1).reverse()
  const told = past.slice(-linesMax)
  const nodeAfter = (i: number): number => (i + 1 < told.length ? told[i + 1].node : object.node)
  // That a task went on with another object is a record of that one.
  const lines = told.flatMap((event, i) =>
    event.shape === ELSEWHERE ? [] : [lineOf(event, countsIn(follower, nodeAfter(i), counter))],
  )
  return {
    object: name,
    lines,
    earlier: past.length - told.length,
  }
}

const lineOf = ({ line, time, cpu, text }: PastEvent, counts: readonly number[]): StoryLine => ({
  line,
  time,
  cpu,
  text: text ?? '',
  isIt: false,
  counts,
})

function countsIn(follower: Follower, node: number, counter: number): number[] {
  const states = node < 0 ? [] : follower.nodes.list(node)
  return [...new Set(states.map((state) => follower.variable(state, counter)))].sort((a, b) => a - b)
}
