/**
 * Structs and their fields. A struct is a class; each field initialiser gives the TypeScript type, the packed width
 * and the initial value at once. Instances come from fixed pools (`at`, `all`), never from `new` in kernel code.
 *
 *     class Folio extends Struct<'folio'> {
 *       _refcount = atomic(16)
 *       mapping = ref(() => AddressSpace)
 *       readonly block = ref(() => Block)      // set by init() before the tasks start; reading it is no step
 *     }
 */
import { Atomic } from './atomic.ts'

/** Base of every struct. The brand makes structs nominal: an Inode is no Folio even if the fields agree. */
export abstract class Struct<Name extends string> {
  declare private readonly brand: Name
}

export type StructClass<T> = new () => T

/** What can be waited on or compared as an address: `&folio->_refcount`, `&inode`. */
export type Address = Struct<string> | Atomic

/** Local widths, where the compiler cannot bound a local by itself: `let n: u4 = 0`. Plain numbers to TypeScript. */
export type u1 = number
export type u2 = number
export type u3 = number
export type u4 = number
export type u8 = number
export type u16 = number

export const bool = (initial = false): boolean => initial

/** Unsigned, `bits` wide (1..31). A value outside is a violation, never a wrap. */
export const uint = (bits: number, initial = 0): number => (void bits, initial)

/** A number out of a list of named constants: `oneOf({ TASK_RUNNING, TASK_INTERRUPTIBLE })`. First one is initial. */
export const oneOf = (names: Record<string, number>): number => Object.values(names)[0]

/** A reference to an instance of a struct, null at first. */
export const ref = <T extends Struct<string>>(to: () => StructClass<T>): T | null => (void to, null)

/** The address of a struct or an atomic, null at first. */
export const address = (): Address | null => null

/** An atomic counter of `bits` bits: leaving 0..2^bits-1 is a `refcount` violation. */
export const atomic = (bits: number, initial = 0): Atomic => (void bits, new Atomic(initial))

/** A struct inside a struct: a lock, a wait queue head. Has an address; cannot be pointed to by `ref`. */
export const embedded = <T extends Struct<string>>(type: () => StructClass<T>): T => new (type())()

/** `length` fields of one kind; an index outside is a violation. */
export const array = <T>(length: number, element: () => T): T[] => Array.from({ length }, element)

/** A field that exists for properties only. Kernel code that branches on one does not compile. */
export const ghost = <T>(field: T): T => field

/**
 * Declared protection: every access must hold the lock (for a read, shared is enough), else the verdict is
 * `data-race`. Accesses to such a field are merged with their neighbours, since no other task can tell.
 */
export const guardedBy = <T, Self>(field: T, lock: (self: Self) => Lock): T => (void lock, field)

/**
 * The memory of the field exists as long as `condition` holds, and an access at any other time is `use-after-free`: test
 * and access are one step. The condition may read ghosts.
 */
export const existsWhile = <T, Self>(field: T, condition: (self: Self) => boolean): T => (void condition, field)

/** What every lock has, so that holders are known to hang reports and to `guardedBy`. */
export interface Lock {
  /** Task that holds it exclusively. */
  holder: Task | null
  /** Bit mask of the tasks that hold it shared. */
  sharers: number
}

export const TASK_RUNNING: number = 0
export const TASK_INTERRUPTIBLE: number = 1
export const TASK_UNINTERRUPTIBLE: number = 2

/** A task, or an interrupt source, on a CPU of its own. `current` is the one that runs. */
export class Task extends Struct<'task'> {
  /** 0.. in the order of the scenario. */
  readonly id = uint(4)
  state = oneOf({ TASK_RUNNING, TASK_INTERRUPTIBLE, TASK_UNINTERRUPTIBLE })
  /** A signal is pending. */
  sigpending = bool()
  /** Interrupts are off on its CPU: IPIs to it wait. */
  irqs_off = bool()
}
