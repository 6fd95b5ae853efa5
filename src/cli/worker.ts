/** One thread of a Pool: answers questions, one after the other. */
import { parentPort, workerData } from 'node:worker_threads'
import { performerOf, type SearchJob } from '../compiler/backend/compile.ts'
import { answer } from './answer.ts'
import { answerCall, CallingCrew } from './crew.ts'
import { openModels } from './models.ts'
import { slots, type Message, type Reply, type WorkerData } from './pool.ts'

const { files, shared, size } = workerData as WorkerData
const numbers = new Float64Array(shared)
const models = openModels(files)

parentPort!.on('message', (message: Message) => {
  replyTo(message).then(
    (reply) => parentPort!.postMessage(reply),
    (error: unknown) =>
      setImmediate(() => {
        throw error // outside the promise: the pool is told of it as of any other
      }),
  )
})

async function replyTo(message: Message): Promise<Reply> {
  if (message === 'catalogue') return { kind: 'catalogue', catalogue: await models.catalogue() }
  if ('shared' in message) {
    const { perform, release } = performerOf(message.job as SearchJob)
    answerCall(message, perform)
    release()
    return { kind: 'helped' }
  }
  const crew = new CallingCrew(size, (call) => parentPort!.postMessage({ kind: 'call', call } satisfies Reply))
  const result = await answer(models, message, crew, {
    poll: ({ states, transitions, depth, frontier, bytes, diskBytes, estimate }) => {
      numbers.set([states, transitions, depth, frontier, bytes, diskBytes, estimate ?? 0])
      return numbers[slots.stop] === 0 ? 'go' : 'interrupted'
    },
    onFirstFailure: (run) => parentPort!.postMessage({ kind: 'first-failure', run } satisfies Reply),
  })
  crew.dismiss()
  numbers.fill(0, 0, slots.stop)
  return result
}
