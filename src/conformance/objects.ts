/** The objects of a trace: those that are followed, and those of which it is enough to know that they are idle. */
import type { TracedObject } from './traced.ts'

/** With more objects than this, those that are idle again are put away. */
const objectsAwake = 1 << 14

export class Objects {
  /** Events of objects for which there was no room. */
  crowded = 0
  private readonly followed = new Map<number, TracedObject>()
  /** Of ours, and idle, so that nothing else has to be known of them. */
  private readonly idle = new Set<number>()
  /** Large objects, by the number of their first part over their size. */
  private readonly heads = new Map<number, TracedObject>()
  private sweepAt = objectsAwake
  private readonly options: {
    /** Node of an idle object. */
    readonly initial: number
    readonly slots: number
    readonly max: number
    /** Parts of a large object. */
    readonly large: number
  }

  constructor(options: Objects['options']) {
    this.options = options
  }

  [Symbol.iterator](): IterableIterator<TracedObject> {
    return this.followed.values()
  }

  /** Objects of ours that the trace has shown. */
  get count(): number {
    let count = this.idle.size
    for (const object of this.followed.values()) if (object.ours) count++
    return count
  }

  /** The object with that number, or the large one that it is part of; null: there are too many. */
  holding(frame: number, guessed: boolean): TracedObject | null {
    const head = this.heads.size > 0 ? this.heads.get(Math.floor(frame / this.options.large)) : undefined
    return head ?? this.of(frame, guessed)
  }

  /** `guessed`: one that is new may have had a life before. */
  of(frame: number, guessed: boolean): TracedObject | null {
    const known = this.followed.get(frame)
    if (known !== undefined) return known
    if (this.followed.size >= this.sweepAt) this.sweep()
    if (this.followed.size >= this.options.max) {
      this.crowded++
      return null
    }
    const object: TracedObject = {
      frame,
      node: this.options.initial,
      actors: new Int32Array(this.options.slots),
      known: false,
      guessed,
      rested: false,
      ours: this.idle.delete(frame),
      large: false,
      skipped: 0,
      held: null,
      before: [],
      findings: 0,
      lastLine: 0,
    }
    this.followed.set(frame, object)
    return object
  }

  join(object: TracedObject, frame: number): void {
    object.large = true
    this.heads.set(Math.floor(frame / this.options.large), object)
  }

  split(object: TracedObject, frame: number): void {
    object.large = false
    this.heads.delete(Math.floor(frame / this.options.large))
  }

  /** What another session needs to know: which objects are ours, and what was found of them. */
  handOver(to: Objects): void {
    for (const frame of this.idle) to.idle.add(frame)
    for (const { frame, ours, findings } of this.followed.values()) {
      const object = to.of(frame, true)!
      object.ours = ours
      object.findings = findings
    }
  }

  private sweep(): void {
    for (const [frame, object] of this.followed) {
      const { known, guessed, node, held, large, findings } = object
      if (!known || guessed || node !== this.options.initial || held !== null || large || findings > 0) continue
      this.followed.delete(frame)
      if (object.ours) this.idle.add(frame)
    }
    this.sweepAt = Math.max(objectsAwake, this.followed.size * 2)
  }
}
