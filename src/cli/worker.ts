/** One thread of a Pool: loads the program once, then answers questions. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Program } from '../compiler/index.ts'
import { answer } from './answer.ts'
import { slots, type Message, type Reply, type WorkerData } from './pool.ts'
import { loadUnchecked } from './program.ts'

const { files, shared } = workerData as WorkerData
const numbers = new Float64Array(shared)
let program: Program | null = null

parentPort!.on('message', (message: Message) => {
  program ??= loadUnchecked(files)
  parentPort!.postMessage(replyTo(program, message))
})

function replyTo(program: Program, message: Message): Reply {
  const { diagnostics, scenarios, kernels } = program
  if (message === 'catalogue') return { kind: 'catalogue', catalogue: { diagnostics, scenarios, kernels } }
  const result = answer(program, message, ({ states, transitions, depth, frontier, bytes }) => {
    numbers.set([states, transitions, depth, frontier, bytes])
    return numbers[slots.stop] === 0 ? 'go' : 'interrupted'
  })
  numbers.fill(0, 0, slots.stop)
  return result
}
