/**
 * What a system names of all the places that were lowered. Of an inlined kernel a task comes to a tenth of the sites, so
 * only those which a step, a property or a call on the way there names have a number in the system, in the order in
 * which they are asked for.
 */
import type { Call, Property, Site } from '../../model/system.ts'
import type { Lowered } from '../code.ts'

export class NamedPlaces {
  readonly sites: Site[] = []
  readonly calls: Call[] = []
  readonly #lowered: Lowered
  readonly #sites = new Map<number, number>([[-1, -1]])
  readonly #calls = new Map<number, number>([[-1, -1]])

  constructor(lowered: Lowered) {
    this.#lowered = lowered
  }

  /** Number in the system of a site of the lowered code. */
  site(lowered: number): number {
    const known = this.#sites.get(lowered)
    if (known !== undefined) return known
    const { file, line, column, text, call } = this.#lowered.sites[lowered]
    const number = this.sites.push({ file, line, column, text, call: this.#call(call) }) - 1
    this.#sites.set(lowered, number)
    return number
  }

  property(p: Property): Property {
    return { ...p, site: this.site(p.site) }
  }

  #call(lowered: number): number {
    const known = this.#calls.get(lowered)
    if (known !== undefined) return known
    const { function: name, parent, site, change } = this.#lowered.calls[lowered]
    const above = this.#call(parent)
    const number = this.calls.push({ function: name, parent: above, site: this.site(site), change }) - 1
    this.#calls.set(lowered, number)
    return number
  }
}

/** Of the code that was not left out, and of the calls that lead there. */
export function reachedPlaces({ tasks, sites, calls }: Lowered): number[] {
  const seen = new Set<number>()
  const visit = (site: number): void => {
    if (site < 0 || seen.has(site)) return
    seen.add(site)
    const { call } = sites[site]
    if (call >= 0) visit(calls[call].site)
  }
  for (const { code } of tasks) for (const i of code) visit(i.site)
  const places = new Map<string, readonly number[]>()
  for (const site of seen) {
    const { file, line, column } = sites[site]
    places.set(`${file}:${line}:${column}`, [file, line, column])
  }
  return [...places.values()].flat()
}
