/** One thing wrong in a recording: which record is missing, doubled, at the wrong place, or has a wrong count. */
import { Random } from '../src/base/random.ts'

export const mutationKinds = [
  'drop a get',
  'drop a put',
  'drop a wake',
  'swap two events',
  'change a count',
  'unpin after free',
  'double a put',
] as const
export type MutationKind = (typeof mutationKinds)[number]

export interface Mutation {
  readonly kind: MutationKind
  /** 1-based line of the recording. */
  readonly line: number
  readonly page: number
  readonly text: string
}

/** A line that says something about a page. */
interface PageLine {
  /** Index of the line. */
  readonly at: number
  readonly page: number
  readonly event: string
  readonly task: string
  readonly nanos: number
}

/** Events closer than this have no order. */
const slackNanos = 2000

const lineForm = /^\s*(.+?-\d+)\s+\[\d+\] \S+\s+(\d+)\.(\d{6}): (\w+): (.*)$/
const gets = /^(try_grab_\w+|vmf_insert_page_mkwrite)$/
const puts = /^(gup_put_folio|put_devmap_refs|put_devmap_page|unpin_user_(page|folio))$/
const frees = /^(dax_disassociate|dax_folio_reset)$/

export class Recording {
  /** Without those that nobody judges. */
  private readonly lines: readonly string[]
  /** Where they stand in the recording. */
  private readonly numbers: readonly number[]
  private readonly pages: readonly PageLine[]

  /** `isShown`: probes that the model knows. */
  constructor(text: string, isShown: (probe: string) => boolean) {
    const all = text.split('\n')
    const judged = all.flatMap((line, at) => {
      const event = lineForm.exec(line)?.[4]
      return line.startsWith('#') || line === '' || (event !== undefined && isShown(event)) ? [at] : []
    })
    this.lines = judged.map((at) => all[at])
    this.numbers = judged.map((at) => at + 1)
    this.pages = this.lines.flatMap((line, at) => {
      const [, task, seconds, micros, event, fields] = lineForm.exec(line) ?? []
      const page = event === undefined || !isShown(event) ? -1 : pageOf(event, fields)
      return page < 0 ? [] : [{ at, page, event, task, nanos: Number(seconds) * 1e9 + Number(micros) * 1e3 }]
    })
  }

  /** So many single mutations, of each kind that the recording has a place for in turn; the seed chooses the places. */
  mutations(count: number, seed: number): Mutation[] {
    const random = new Random(seed)
    const places = new Map(mutationKinds.map((kind) => [kind, this.places(kind)]))
    const kinds = mutationKinds.filter((kind) => places.get(kind)!.length > 0)
    return Array.from({ length: kinds.length === 0 ? 0 : count }, (_, i) => {
      const kind = kinds[i % kinds.length]
      const place = random.pick(places.get(kind)!)
      const { at, page } = this.pages[place]
      return { kind, line: this.numbers[at], page, text: this.mutated(kind, place, random).join('\n') }
    })
  }

  /** Indices of `pages`. */
  private places(kind: MutationKind): number[] {
    const { pages } = this
    const where = (holds: (line: PageLine, i: number) => boolean): number[] =>
      pages.flatMap((line, i) => (holds(line, i) ? [i] : []))
    switch (kind) {
      case 'drop a get':
        return where((l) => gets.test(l.event) || this.change(l) > 0)
      case 'drop a put':
        return where((l) => puts.test(l.event) || this.change(l) < 0)
      case 'drop a wake':
        return where((l) => l.event === 'wake_up_var')
      case 'swap two events':
        return where((_, i) => this.partner(i) >= 0)
      case 'change a count':
        return where((l) => /\b(cnt|ret)=-?\d/.test(this.lines[l.at]))
      case 'unpin after free':
        return where((_, i) => this.unpin(i) !== null)
      case 'double a put':
        return where((l) => this.change(l) < 0 || /^put_devmap_(refs|page)$/.test(l.event))
    }
  }

  private mutated(kind: MutationKind, place: number, random: Random): readonly string[] {
    const { lines } = this
    const { at } = this.pages[place]
    switch (kind) {
      case 'drop a get':
      case 'drop a put':
      case 'drop a wake':
        return lines.toSpliced(at, 1)
      case 'double a put':
        return lines.toSpliced(at, 0, lines[at])
      case 'change a count': {
        const by = random.pick([-1, 1])
        return lines.with(
          at,
          lines[at].replace(
            /\b(cnt|ret)=(-?\d+)/,
            (_, name, n) =>
              `${name}=${Math.max(0, Number(n) + by) === Number(n) ? Number(n) + 1 : Math.max(0, Number(n) + by)}`,
          ),
        )
      }
      case 'swap two events': {
        const other = this.pages[this.partner(place)].at
        return lines.with(at, atTimeOf(lines[other], lines[at])).with(other, atTimeOf(lines[at], lines[other]))
      }
      case 'unpin after free': {
        const { members, free } = this.unpin(place)!
        const moved = members.map((i) => atTimeOf(lines[this.pages[i].at], lines[this.pages[free].at]))
        const gone = new Set(members.map((i) => this.pages[i].at))
        return lines.flatMap((line, i) => (gone.has(i) ? [] : i === this.pages[free].at ? [line, ...moved] : [line]))
      }
    }
  }

  /** By how much a record of the count changes it. */
  private change(line: PageLine): number {
    return line.event.startsWith('page_ref_mod') ? Number(/\bval=(-?\d+)/.exec(this.lines[line.at])![1]) : 0
  }

  /** The next event of the same page, when it comes later than any slack. */
  private partner(i: number): number {
    const { page, nanos, at } = this.pages[i]
    const next = this.pages.findIndex((l, k) => k > i && l.page === page)
    if (next < 0 || this.pages[next].nanos - nanos <= slackNanos) return -1
    return contentOf(this.lines[at]) === contentOf(this.lines[this.pages[next].at]) ? -1 : next
  }

  /** An unpin with all records of it, and the moment when the page leaves its file. */
  private unpin(i: number): { members: number[]; free: number } | null {
    const { page, task, event } = this.pages[i]
    if (!/^(unpin_user_(page|folio)|gup_put_folio)$/.test(event)) return null
    const free = this.pages.findIndex((l, k) => k > i && l.page === page && frees.test(l.event))
    if (free < 0) return null
    const members = [i]
    for (let k = i + 1; k < free; k++) {
      const line = this.pages[k]
      if (line.page !== page || line.task !== task) continue
      if (!puts.test(line.event) && !line.event.startsWith('page_ref_mod')) break
      members.push(k)
      if (line.event.startsWith('page_ref_mod')) break
    }
    return { members, free }
  }
}

/** Number of the page of a record, or -1. */
function pageOf(event: string, fields: string): number {
  const entry = /\bentry=0x(\w+)/.exec(fields)
  if (event === 'dax_disassociate' && entry !== null) return Math.floor(parseInt(entry[1], 16) / 32)
  const pfn = /\b(?:pfn|a5)=0x(\w+)/.exec(fields)
  if (pfn !== null) return parseInt(pfn[1].slice(-9), 16)
  const address = /\b(?:page|var)=0xffffea(\w{10})/.exec(fields)
  return address === null ? -1 : Math.floor(parseInt(address[1], 16) / 64)
}

const atTime = /^(.*? )(\d+\.\d{6})(: .*)$/
const contentOf = (line: string): string => line.replace(atTime, '$1$3')

/** The event of a line, as if it had happened at the time of another. */
const atTimeOf = (line: string, other: string): string =>
  line.replace(atTime, (_, before: string, _time, rest: string) => `${before}${atTime.exec(other)![2]}${rest}`)
