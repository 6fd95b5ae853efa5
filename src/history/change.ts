/** `change(...)` types a change against the newest source and against what older releases had and it has not. */
import type { Change } from '../dialect/index.ts'
import type * as kernel from '../kernel/index.ts'
import type * as removed from './removed.ts'

/** Every function that some release has, by name. */
export type KernelFunctions = FunctionsOf<typeof kernel & typeof removed>

/** Structs and constants cannot be replaced. */
type FunctionsOf<Module> = { [Name in keyof Module as Module[Name] extends Code ? Name : never]: Module[Name] }

type Code = (...parameters: never[]) => unknown

export const change = (c: Change<KernelFunctions>): Change<KernelFunctions> => c
