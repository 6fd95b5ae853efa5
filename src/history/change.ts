/** `change(...)` types a change against the newest source and against what older releases had and it has not. */
import type { Change } from '../dialect/index.ts'
import type * as kernel from '../kernel/index.ts'
import type * as removed from './removed.ts'

/** Every function that some release has, by name. */
export type KernelFunctions = typeof kernel & typeof removed

export const change = (c: Change<KernelFunctions>): Change<KernelFunctions> => c
