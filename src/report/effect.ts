/** What a failure means to the user of a machine, and which of the kernel's own detectors would tell. */
import { culpritOf, cycleOf, type Failure } from './failure.ts'
import type { Waiter } from './waiter.ts'
import { enumerated } from './wrap.ts'

export interface Detector {
  readonly name: string
  readonly sees: 'yes' | 'no' | 'perhaps'
  readonly why: string
}

/** Sentences. */
export function effectOf(failure: Failure): string[] {
  const culprit = culpritOf(failure)
  const end = failure.steps.at(-1)
  const task = end ? failure.system.tasks[end.task].name : 'the task'
  switch (failure.class) {
    case 'missed-wakeup':
    case 'hung-waiter':
    case 'deadlock':
      return hangEffect(failure, culprit)
    case 'use-after-free':
      return ['What has been given up is still in use: data of its next owner is read or overwritten.']
    case 'data-corruption':
      return [`${task} writes into what belongs to somebody else: data is lost without a trace.`]
    case 'refcount':
      return ['The count no longer equals the number of holders: the object is freed while it is used, or never.']
    case 'null-dereference':
      return [`The kernel oopses in ${task}; the locks that it holds are never released.`]
    case 'leak':
      return ['What is left over is never given back; whoever waits for it to go away waits for ever.']
    case 'stale-mapping':
      return ['User space can still reach what has been given to somebody else.']
    case 'data-race':
      return ['A field is used without the lock that guards it: what is read may be half of a change.']
    case 'livelock':
      return [`${culprit?.name ?? task} keeps a CPU busy for ever and gets nowhere.`]
    case 'assertion':
      return ['What the code takes for granted is not so; what follows from it is not modelled.']
  }
}

function hangEffect(failure: Failure, culprit: Waiter | undefined): string[] {
  if (!culprit) return ['Nothing moves any more.']
  const stuck = failure.waiting
  const others = stuck.filter((w) => w !== culprit)
  const end = isInterruptible(culprit)
    ? 'only a signal ends the sleep'
    : culprit.state.includes('KILLABLE')
      ? 'only a fatal signal ends the sleep'
      : 'nothing but a reboot ends it'
  const sentences = [`${culprit.name} never returns${culprit.state ? ` (${culprit.state})` : ''}; ${end}.`]
  if (culprit.locks.length > 0)
    sentences.push(
      `Meanwhile it holds ${enumerated(culprit.locks)}: whoever needs ${culprit.locks.length === 1 ? 'it' : 'one of them'} hangs as well.`,
    )
  if (others.length > 0)
    sentences.push(`${enumerated(others.map((w) => w.name))} ${others.length === 1 ? 'hangs' : 'hang'} too.`)
  return sentences
}

export function detectorsOf(failure: Failure): Detector[] {
  return [hungTask(failure), lockdep(failure), kasan(failure), kcsan(failure), warning(failure)]
}

/** khungtaskd reports tasks that have been in TASK_UNINTERRUPTIBLE for 120 seconds; others it skips. */
function hungTask(failure: Failure): Detector {
  const name = 'hung task'
  const { waiting } = failure
  if (waiting.length === 0) return { name, sees: 'no', why: 'nobody sleeps' }
  const seen = waiting.filter((w) => !isInterruptible(w) && !w.state.includes('KILLABLE') && !spins(w))
  if (seen.length > 0)
    return {
      name,
      sees: 'yes',
      why: `${enumerated(seen.map((w) => w.name))} ${seen.length === 1 ? 'is' : 'are'} in uninterruptible sleep`,
    }
  const spinner = waiting.find(spins)
  if (spinner) return { name, sees: 'no', why: `${spinner.name} spins; the soft lockup detector sees that` }
  const locks = [...new Set(waiting.flatMap((w) => w.locks))]
  const victims =
    locks.length > 0 ? `; it names tasks that queue for ${enumerated(locks)} instead, which are not the cause` : ''
  return { name, sees: 'no', why: `it skips ${waiting[0].state || 'such sleeps'}${victims}` }
}

/** lockdep knows locks, and nothing of what a sleeper on a wait queue waits for. */
function lockdep(failure: Failure): Detector {
  const name = 'lockdep'
  const { waiting } = failure
  const cycle = cycleOf(waiting)
  if (cycle.length > 0)
    return cycle.every((w) => w.kind === 'lock')
      ? { name, sees: 'yes', why: 'the locks are taken in opposite orders, which it reports even when nothing hangs' }
      : { name, sees: 'no', why: 'the cycle goes through a wait that is no lock to it' }
  const left = waiting.find(
    (w) => w.kind === 'lock' && w.holders.every((h) => !waiting.some((other) => other.task === h)),
  )
  if (left) return { name, sees: 'yes', why: `${left.object} is still held when its holder returns to user space` }
  if (waiting.length > 0) return { name, sees: 'no', why: 'no order of locks is broken; a wait queue is no lock to it' }
  if (failure.class === 'data-race')
    return { name, sees: 'perhaps', why: 'where lockdep_assert_held() stands before the access' }
  return { name, sees: 'no', why: 'no lock is involved' }
}

function kasan(failure: Failure): Detector {
  const name = 'KASAN'
  if (failure.class === 'null-dereference') return { name, sees: 'yes', why: 'the access faults, with or without it' }
  if (['use-after-free', 'data-corruption', 'stale-mapping'].includes(failure.class))
    return {
      name,
      sees: 'perhaps',
      why: 'if what was freed is slab or page-allocator memory; device memory and blocks are never poisoned, and it does not see DMA',
    }
  return { name, sees: 'no', why: 'every access is to memory that is alive' }
}

function kcsan(failure: Failure): Detector {
  const name = 'KCSAN'
  if (failure.class === 'data-race')
    return { name, sees: 'perhaps', why: 'when the accesses are plain and meet within its sampling window' }
  return { name, sees: 'no', why: 'the order of the steps is wrong, not a single unmarked access' }
}

function warning(failure: Failure): Detector {
  const name = 'WARN'
  const counts = [...new Set((culpritOf(failure)?.reads ?? []).map((r) => r.name.split('.').at(-1)!))].filter(
    (f) => f === '_refcount',
  )
  if (failure.class === 'assertion') return { name, sees: 'yes', why: 'the assertion stands for one of the code' }
  if (failure.class === 'refcount')
    return {
      name,
      sees: 'perhaps',
      why: 'VM_BUG_ON_PAGE and refcount_t warn of an underflow; a count that is only too high warns nobody',
    }
  if (counts.length > 0 && failure.class === 'missed-wakeup')
    return {
      name,
      sees: 'no',
      why: 'no check fails; with CONFIG_DEBUG_PAGE_REF the page_ref events show the count fall and no wake-up follow',
    }
  return { name, sees: 'no', why: 'no check of the code fails' }
}

const isInterruptible = (w: Waiter): boolean => w.state.includes('_INTERRUPTIBLE') || w.state.includes('IDLE')

/** By the name that the kernel gives such locks. */
const spins = (w: Waiter): boolean =>
  w.kind === 'lock' && /spin|raw_|bit_lock|xa_lock/.test(w.stack.at(-1)?.function ?? '')
