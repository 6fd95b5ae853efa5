/**
 * XFS claims a device while that is killed.
 *
 * Result: holds; whoever has seen the device alive has claimed it before kill_dax() takes the claim away.
 */
import { at, init, property, scenario } from '../dialect/index.ts'
import { DaxDevice, fs_dax_get, kill_dax, NO_HOLDER, OPS_NONE, OPS_OF_XFS, SuperBlock } from '../kernel/index.ts'

const dax_dev = at(DaxDevice, 0)

const dead_without_owner = property('leak', 'a device that is dead has no owner', () => {
  return dax_dev.holder_data.read() === NO_HOLDER && dax_dev.holder_ops === OPS_NONE
})

export default scenario({
  id: 'holder-claim-vs-kill-dax',
  group: 'more',
  fs: ['xfs'],
  since: '6.0',
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    init(at(SuperBlock, 0), { s_rmapbt: true })
  },
  tasks: {
    mount: () => {
      fs_dax_get(dax_dev, 1, OPS_OF_XFS)
    },
    kill: () => kill_dax(dax_dev),
  },
  finally: {
    dead_without_owner,
  },
  reaches: {
    claimed: () => dax_dev.holder_data.read() === 1,
  },
})
