/** The last events of a trace, of all objects, in rings: enough to go back a little, and to show what was before. */
import type { Describe, TraceRecord } from './record.ts'

const capacity = 1 << 13
/** Pieces of input whose bytes are kept, so that lines can be shown. */
const sourcesMax = 24

/** One event that an object was moved by. */
export interface PastEvent {
  readonly frame: number
  /** Node of the object before it. */
  readonly node: number
  /** Actor per slot before it, 0 for nobody. */
  readonly actors: readonly number[]
  readonly actor: number
  readonly shape: number
  readonly line: number
  readonly time: number
  readonly cpu: number
  readonly task: number
  readonly context: number
  /** The line itself, or null when it is gone. */
  readonly text: string | null
}

export class History {
  /** Events so far. */
  size = 0
  private readonly slots: number
  private readonly frames = new Float64Array(capacity)
  private readonly nodes = new Int32Array(capacity)
  private readonly snapshots: Int32Array
  private readonly actors = new Int32Array(capacity)
  private readonly shapes = new Int32Array(capacity)
  private readonly lines = new Float64Array(capacity)
  private readonly times = new Float64Array(capacity)
  private readonly cpus = new Int32Array(capacity)
  private readonly tasks = new Int32Array(capacity)
  private readonly contexts = new Uint8Array(capacity)
  private readonly sources = new Int32Array(capacity)
  private readonly starts = new Int32Array(capacity)
  private readonly ends = new Int32Array(capacity)
  private readonly bytes: Uint8Array[] = []
  private source = -1
  private newest = -1
  private describe: Describe | null = null
  private sourceBytes: Uint8Array | null = null

  constructor(slots: number) {
    this.slots = slots
    this.snapshots = new Int32Array(capacity * slots)
  }

  /** Notes an event before the object is moved. */
  push(
    frame: number,
    node: number,
    actors: ArrayLike<number>,
    actor: number,
    shape: number,
    record: TraceRecord,
  ): void {
    const at = this.size++ & (capacity - 1)
    this.frames[at] = frame
    this.nodes[at] = node
    const first = at * this.slots
    for (let i = 0; i < this.slots; i++) this.snapshots[first + i] = actors[i]
    this.actors[at] = actor
    this.shapes[at] = shape
    this.lines[at] = record.line
    this.times[at] = record.time
    this.cpus[at] = record.cpu
    this.tasks[at] = record.task
    this.contexts[at] = record.context
    if (record.source !== this.sourceBytes) this.sourceIs(record)
    this.sources[at] = this.source
    this.starts[at] = record.start
    this.ends[at] = record.end
  }

  /** CPUs may have pieces of their own, and take turns. */
  private sourceIs(record: TraceRecord): void {
    this.sourceBytes = record.source
    this.describe = record.describe
    const oldest = Math.max(0, this.newest - sourcesMax + 1)
    for (this.source = this.newest; this.source >= oldest; this.source--)
      if (this.bytes[this.source % sourcesMax] === record.source) return
    this.source = ++this.newest
    this.bytes[this.source % sourcesMax] = record.source
  }

  /** Events of one object, newest first, at most `max`, not counting the newest `skip`. */
  of(frame: number, max: number): PastEvent[] {
    const found: PastEvent[] = []
    const oldest = Math.max(0, this.size - capacity)
    for (let i = this.size - 1; i >= oldest && found.length < max; i--)
      if (this.frames[i & (capacity - 1)] === frame) found.push(this.at(i))
    return found
  }

  private at(i: number): PastEvent {
    const at = i & (capacity - 1)
    const source = this.sources[at]
    const known = this.newest - source < sourcesMax && this.ends[at] > this.starts[at]
    const when = { time: this.times[at], cpu: this.cpus[at], task: this.tasks[at] }
    return {
      frame: this.frames[at],
      node: this.nodes[at],
      actors: Array.from(this.snapshots.subarray(at * this.slots, (at + 1) * this.slots)),
      actor: this.actors[at],
      shape: this.shapes[at],
      line: this.lines[at],
      ...when,
      context: this.contexts[at],
      text: known ? this.describe!(this.bytes[source % sourcesMax], this.starts[at], this.ends[at], when) : null,
    }
  }
}
