/** Lists of small integers, each kept once: equal lists have the same number. Open addressing over one growing pool. */
export class Tuples {
  /** Number of tuples. */
  size = 0
  private pool = new Int32Array(1 << 12)
  private used = 0
  private starts = new Uint32Array(1 << 8)
  private table = new Int32Array(1 << 9).fill(-1)

  /** Number of the list `values[0 .. length - 1]`. */
  intern(values: ArrayLike<number>, length: number): number {
    let hash = length
    for (let i = 0; i < length; i++) hash = mixed(hash, values[i])
    const mask = this.table.length - 1
    let at = finished(hash) & mask
    for (;;) {
      const id = this.table[at]
      if (id < 0) break
      if (this.equals(id, values, length)) return id
      at = (at + 1) & mask
    }
    this.table[at] = this.size
    return this.add(values, length)
  }

  lengthOf(id: number): number {
    return this.starts[id + 1] - this.starts[id]
  }

  at(id: number, index: number): number {
    return this.pool[this.starts[id] + index]
  }

  read(id: number, out: Int32Array | number[]): number {
    const start = this.starts[id]
    const length = this.starts[id + 1] - start
    for (let i = 0; i < length; i++) out[i] = this.pool[start + i]
    return length
  }

  list(id: number): number[] {
    return Array.from(this.pool.subarray(this.starts[id], this.starts[id + 1]))
  }

  get bytes(): number {
    return this.pool.byteLength + this.starts.byteLength + this.table.byteLength
  }

  private equals(id: number, values: ArrayLike<number>, length: number): boolean {
    const start = this.starts[id]
    if (this.starts[id + 1] - start !== length) return false
    for (let i = 0; i < length; i++) if (this.pool[start + i] !== values[i]) return false
    return true
  }

  private add(values: ArrayLike<number>, length: number): number {
    if (this.used + length > this.pool.length) this.pool = grown(this.pool, this.used + length)
    if (this.size + 2 > this.starts.length) {
      const starts = new Uint32Array(this.starts.length * 2)
      starts.set(this.starts)
      this.starts = starts
    }
    for (let i = 0; i < length; i++) this.pool[this.used + i] = values[i]
    this.used += length
    this.starts[this.size + 1] = this.used
    const id = this.size++
    if (this.size * 2 > this.table.length) this.rehash()
    return id
  }

  private rehash(): void {
    this.table = new Int32Array(this.table.length * 2).fill(-1)
    const mask = this.table.length - 1
    for (let id = 0; id < this.size; id++) {
      let hash = this.starts[id + 1] - this.starts[id]
      for (let i = this.starts[id]; i < this.starts[id + 1]; i++) hash = mixed(hash, this.pool[i])
      let at = finished(hash) & mask
      while (this.table[at] >= 0) at = (at + 1) & mask
      this.table[at] = id
    }
  }
}

/** As in MurmurHash3: neighbouring numbers must not fall into neighbouring places. */
function mixed(hash: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51)
  k = (k << 15) | (k >>> 17)
  const h = hash ^ Math.imul(k, 0x1b873593)
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}

function finished(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

function grown(pool: Int32Array<ArrayBuffer>, needed: number): Int32Array<ArrayBuffer> {
  const bigger = new Int32Array(Math.max(pool.length * 2, needed))
  bigger.set(pool)
  return bigger
}

/** From two numbers to a third, for transitions. Absent: -2. */
export class PairMap {
  size = 0
  private firsts = new Int32Array(1 << 10).fill(-1)
  private seconds = new Int32Array(1 << 10)
  private values = new Int32Array(1 << 10)

  get(first: number, second: number): number {
    const mask = this.firsts.length - 1
    let at = hashPair(first, second) & mask
    while (this.firsts[at] >= 0) {
      if (this.firsts[at] === first && this.seconds[at] === second) return this.values[at]
      at = (at + 1) & mask
    }
    return -2
  }

  set(first: number, second: number, value: number): void {
    if ((this.size + 1) * 2 > this.firsts.length) this.grow()
    this.put(first, second, value)
    this.size++
  }

  clear(): void {
    this.firsts.fill(-1)
    this.size = 0
  }

  get bytes(): number {
    return this.firsts.byteLength * 3
  }

  private put(first: number, second: number, value: number): void {
    const mask = this.firsts.length - 1
    let at = hashPair(first, second) & mask
    while (this.firsts[at] >= 0) at = (at + 1) & mask
    this.firsts[at] = first
    this.seconds[at] = second
    this.values[at] = value
  }

  private grow(): void {
    const { firsts, seconds, values } = this
    this.firsts = new Int32Array(firsts.length * 2).fill(-1)
    this.seconds = new Int32Array(firsts.length * 2)
    this.values = new Int32Array(firsts.length * 2)
    for (let i = 0; i < firsts.length; i++) if (firsts[i] >= 0) this.put(firsts[i], seconds[i], values[i])
  }
}

function hashPair(first: number, second: number): number {
  let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b)
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}
