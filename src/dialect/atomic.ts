/** An atomic counter: each operation is one indivisible step. Names follow Linux atomic_t / page_ref. */
export class Atomic {
  declare private readonly brand: 'atomic'
  private value: number
  constructor(initial: number) {
    this.value = initial
  }
  read(): number {
    return this.value
  }
  set(value: number): void {
    this.value = value
  }
  add(n: number): void {
    this.value += n
  }
  sub(n: number): void {
    this.value -= n
  }
  inc(): void {
    this.value++
  }
  dec(): void {
    this.value--
  }
  add_return(n: number): number {
    return (this.value += n)
  }
  sub_return(n: number): number {
    return (this.value -= n)
  }
  inc_return(): number {
    return ++this.value
  }
  dec_return(): number {
    return --this.value
  }
  sub_and_test(n: number): boolean {
    return (this.value -= n) === 0
  }
  dec_and_test(): boolean {
    return --this.value === 0
  }
  /** Adds n unless the value is `unless`. True if it was added. */
  add_unless(n: number, unless: number): boolean {
    if (this.value === unless) return false
    this.value += n
    return true
  }
  inc_not_zero(): boolean {
    return this.add_unless(1, 0)
  }
  xchg(value: number): number {
    const old = this.value
    this.value = value
    return old
  }
  /** Stores `value` if the counter is `expected`. Returns what it was. */
  cmpxchg(expected: number, value: number): number {
    const old = this.value
    if (old === expected) this.value = value
    return old
  }
}
