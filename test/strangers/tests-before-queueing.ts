/** Looks at the variable first and queues then: a change in between wakes nobody. */
import { sleeping_for, type Address } from 'lastref/dialect'
import { bug } from 'lastref/history'
import { __var_waitqueue, finish_wait, prepare_to_wait_event, type Errno } from 'lastref/kernel'

export default bug({
  slug: 'tests-before-queueing',
  title: 'sched/wait: queue before the condition is tested',
  class: 'missed-wakeup',
  after: {
    ___wait_var_event(variable: Address, condition: () => boolean, state: number, cmd: () => void): Errno {
      const wq_head = __var_waitqueue(variable)
      while (!condition()) {
        const interrupted = prepare_to_wait_event(wq_head, variable, state, false)
        if (interrupted !== 0) return interrupted
        sleeping_for(variable, condition, cmd)
      }
      finish_wait(wq_head)
      return 0
    },
  },
  shows: { scenario: 'dio-vs-punch-hole', fs: 'ext4' },
})
