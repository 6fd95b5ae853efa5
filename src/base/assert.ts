/** Programmer mistakes end here; mistakes of users are values. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal error: ${message}`)
}

/** The end of a switch over a `kind`: compiles only when every kind is handled. */
export function unreachable(value: never): never {
  throw new Error(`internal error: unexpected ${JSON.stringify(value)}`)
}
