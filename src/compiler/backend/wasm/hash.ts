/** Hashes of states, 64 bits of which every one depends on every bit of the state. */
import * as wasm from './assembler.ts'
import type { Code, Local } from './assembler.ts'

const { get, long, set } = wasm

/** Odd, so that multiplication by them can be undone. */
const factors = [0x9e3779b97f4a7c15n, 0xd6e8feb86659fd93n, 0xff51afd7ed558ccdn, 0xc4ceb9fe1a85ec53n] as const

/** 64 bits in, 64 bits out, different ones for different ones. Only 0 becomes 0. */
export function scramble(value: Local): Code {
  return [times(value, factors[0]), fold(value, 32n), times(value, factors[1])]
}

export function unscramble(value: Local): Code {
  return [times(value, inverse(factors[1])), fold(value, 32n), times(value, inverse(factors[0]))]
}

/**
 * The hash of a state of several words. `lane`: which of several that have nothing to do with each other. `part(i)` is
 * the i-th 64 bits.
 */
export function hashOf(hash: Local, piece: Local, lane: number, parts: number, part: (i: number) => Code): Code {
  const [a, b, c] = [factors[lane], factors[lane + 1], factors[3 - lane]]
  const mix = Array.from({ length: parts }, (_, i) => [
    set(piece, part(i)),
    times(piece, a),
    fold(piece, 32n),
    set(hash, long.xor(get(hash), get(piece))),
    times(hash, b),
    fold(hash, 29n),
  ])
  return [set(hash, long.constant(c)), mix, times(hash, a), fold(hash, 32n), times(hash, b), fold(hash, 29n)]
}

function times(value: Local, factor: bigint): Code {
  return set(value, long.multiply(get(value), long.constant(factor)))
}

function fold(value: Local, shift: bigint): Code {
  return set(value, long.xor(get(value), long.shiftRight(get(value), long.constant(shift))))
}

/** Modulo 2^64, by Newton's method: the number of right bits doubles. */
function inverse(odd: bigint): bigint {
  let x = odd
  for (let bits = 3; bits < 64; bits *= 2) x = BigInt.asUintN(64, x * (2n - odd * x))
  return x
}
