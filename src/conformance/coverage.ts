/** Which steps of the model the traces took, and which they never did: the second list is what a test writer reads. */
import type { TransitionSystem } from '../model/system.ts'
import type { Follower } from './follower.ts'
import type { Coverage, CoverageItem } from './verdict.ts'

/** Every task runs the same code, so what one did counts for all: a step is named by its source. */
export function coverageOf(system: TransitionSystem, taken: ReadonlyMap<Follower, ReadonlySet<number>>): Coverage {
  const all = new Map<string, CoverageItem>()
  const reached = new Set<string>()
  for (const [follower, transitions] of taken) {
    for (const site of follower.machine.allSites) {
      const item = itemOf(system, site)
      all.set(keyOf(item), item)
    }
    for (const transition of transitions)
      for (const site of follower.sitesOf?.get(transition) ?? []) reached.add(keyOf(itemOf(system, site)))
  }
  const items = [...all].sort(([, a], [, b]) => order(a, b))
  return {
    reached: items.filter(([key]) => reached.has(key)).map(([, item]) => item),
    missed: items.filter(([key]) => !reached.has(key)).map(([, item]) => item),
  }
}

const keyOf = ({ file, line, function: name, text }: CoverageItem): string => `${file}:${line} ${name} ${text}`

const order = (a: CoverageItem, b: CoverageItem): number =>
  a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || (a.text < b.text ? -1 : 1)

function itemOf(system: TransitionSystem, site: number): CoverageItem {
  const { file, line, text, call } = system.sites[site]
  return { function: system.calls[call]?.function ?? '', file: system.files[file], line, text }
}
