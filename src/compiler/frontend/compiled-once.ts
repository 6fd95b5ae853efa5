/**
 * Kernels that differ only in functions which a scenario does not call give the same system, and it is compiled once.
 * A compilation learns from a kernel its name and the texts of the functions that it inlines, nothing else; so a kernel
 * that answers the same to what was asked gives the same system under its own name.
 */
import type { TransitionSystem } from '../../model/system.ts'
import type { Override, Overrides, ResolvedKernel } from './kernels.ts'
import type { CompileOptions } from './program.ts'

interface Compilation {
  readonly question: string
  /** What it asked the kernel for, and was told. */
  readonly asked: ReadonlyMap<string, Override | undefined>
  readonly system: TransitionSystem
}

/** Systems are megabytes. Releases are asked for in their order, so equal ones are close. */
const keptMax = 6

/** By program; the latest first. */
const kept = new WeakMap<object, Compilation[]>()

/** What `compile` makes of the kernel, or what it made of an earlier one that cannot be told from it. */
export function compiledOnce(
  program: object,
  kernel: ResolvedKernel,
  options: CompileOptions,
  compile: (kernel: ResolvedKernel) => TransitionSystem,
): TransitionSystem {
  const question = JSON.stringify({ ...options, kernel: '' })
  const before = kept.get(program) ?? []
  const found = before.find((c) => c.question === question && answersAlike(kernel.overrides, c.asked))
  const latest = found ?? compiledNow(question, kernel, compile)
  kept.set(program, [latest, ...before.filter((c) => c !== found)].slice(0, keptMax))
  return { ...latest.system, kernel: kernel.name }
}

function compiledNow(
  question: string,
  kernel: ResolvedKernel,
  compile: (kernel: ResolvedKernel) => TransitionSystem,
): Compilation {
  const asked = new Map<string, Override | undefined>()
  const get = (name: string): Override | undefined => {
    const override = kernel.overrides.get(name)
    asked.set(name, override)
    return override
  }
  return { question, asked, system: compile({ name: kernel.name, overrides: { get } }) }
}

const answersAlike = (overrides: Overrides, asked: Compilation['asked']): boolean =>
  [...asked].every(([name, told]) => {
    const now = overrides.get(name)
    return now?.node === told?.node && now?.change === told?.change
  })
