/**
 * "dax: fix holder_ops race in fs_put_dax()", v7.2.
 * Before it the owner went first and the operations afterwards: those of the next owner, if one had come in between.
 */
import { NO_HOLDER, OPS_NONE, type DaxDevice } from '../kernel/index.ts'
import { change } from './change.ts'

export default change({
  commit: '7a6db2eb6d5d',
  title: 'dax: fix holder_ops race in fs_put_dax()',
  since: '7.2',
  before: {
    fs_put_dax(dax_dev: DaxDevice, holder: number): void {
      if (dax_dev.holder_data.cmpxchg(holder, NO_HOLDER) === holder) dax_dev.holder_ops = OPS_NONE
    },
  },
})
