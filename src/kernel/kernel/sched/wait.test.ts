import { beforeEach, describe, expect, test } from 'vitest'
import {
  as_task,
  at,
  plain_run,
  Task,
  TASK_INTERRUPTIBLE,
  TASK_RUNNING,
  TASK_UNINTERRUPTIBLE,
} from '../../../dialect/index.ts'
import {
  ERESTARTSYS,
  Folio,
  finish_wait,
  prepare_to_wait_event,
  signal_wake_up,
  WaitQueueHead,
  wake_up_var,
  __wake_up,
} from '../../index.ts'

const states = () => [0, 1, 2].map((id) => at(Task, id).state)
const wait = (id: number, key: Folio, exclusive: boolean) =>
  as_task(id, () => prepare_to_wait_event(at(WaitQueueHead, 0), key, TASK_UNINTERRUPTIBLE, exclusive))

beforeEach(() => plain_run({ bounds: { pages: 1, blocks: 2, vmas: 1, ipi: 0, fs: 0 }, tasks: 4 }))

describe('wake-ups', () => {
  test('wake only who waits for that variable', () => {
    wait(0, at(Folio, 0), false)
    wait(1, at(Folio, 1), false)
    as_task(3, () => wake_up_var(at(Folio, 1)))
    expect(states()).toEqual([TASK_UNINTERRUPTIBLE, TASK_RUNNING, TASK_RUNNING])
    expect(at(WaitQueueHead, 0).nr_entries).toBe(1)
  })

  test('exclusive waiters go on one by one, in their order', () => {
    for (const id of [2, 0, 1]) wait(id, at(Folio, 0), true)
    as_task(3, () => __wake_up(at(WaitQueueHead, 0), 1, at(Folio, 0)))
    expect(states()).toEqual([TASK_UNINTERRUPTIBLE, TASK_UNINTERRUPTIBLE, TASK_RUNNING])
    as_task(3, () => __wake_up(at(WaitQueueHead, 0), 1, at(Folio, 0)))
    expect(states()).toEqual([TASK_RUNNING, TASK_UNINTERRUPTIBLE, TASK_RUNNING])
  })

  test('or all at once', () => {
    for (const id of [2, 0, 1]) wait(id, at(Folio, 0), true)
    as_task(3, () => __wake_up(at(WaitQueueHead, 0), 0, at(Folio, 0)))
    expect(states()).toEqual([TASK_RUNNING, TASK_RUNNING, TASK_RUNNING])
    expect([...at(WaitQueueHead, 0).turn]).toEqual([0, 0, 0, 0])
  })
})

test('who is queued stays so until finish_wait, which moves the others up', () => {
  for (const id of [0, 1]) wait(id, at(Folio, 0), true)
  as_task(0, () => finish_wait(at(WaitQueueHead, 0)))
  expect([...at(WaitQueueHead, 0).turn]).toEqual([0, 1, 0, 0])
  expect(at(Task, 0).state).toBe(TASK_RUNNING)
})

test('a signal keeps a task out of an interruptible sleep, and gets it out of one', () => {
  const wq = at(WaitQueueHead, 0)
  const sleep = () => as_task(0, () => prepare_to_wait_event(wq, at(Folio, 0), TASK_INTERRUPTIBLE, false))
  expect(sleep()).toBe(0)
  signal_wake_up(at(Task, 0))
  expect(at(Task, 0).state).toBe(TASK_RUNNING)
  expect(sleep()).toBe(-ERESTARTSYS)
  expect(wq.nr_entries).toBe(0)
  expect(wait(0, at(Folio, 0), false)).toBe(0)
})
