/**
 * One XFS is unmounted while another one claims its device; then memory of it fails.
 *
 * Result: holds since 7.2; before, who gives the device up may take the operations of the next owner away (assertion).
 */
import {
  at,
  bool,
  Completion,
  complete,
  init,
  property,
  scenario,
  Struct,
  wait_for_completion,
} from '../dialect/index.ts'
import {
  Block,
  dax_holder_notify_failure,
  DaxDevice,
  Folio,
  fs_dax_get,
  fs_put_dax,
  MF_NONE,
  OPS_OF_XFS,
  SuperBlock,
} from '../kernel/index.ts'

const dax_dev = at(DaxDevice, 0)

/** What the user of the new file system sees. */
class Observer extends Struct<'observer'> {
  mounted = bool()
  /** A memory error was reported to the owner. */
  told = bool()
}

const old_fs = 1
const new_fs = 2
const observer = at(Observer, 0)
const umount_over = at(Completion, 0)
const mount_over = at(Completion, 1)
const owner_told = property('assertion', 'the owner of a device is told when its memory fails', () => {
  return !observer.mounted || observer.told
})

export default scenario({
  id: 'holder-claim-vs-put',
  group: 'more',
  fs: ['xfs'],
  since: '6.0',
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    init(at(Block, 0), { pfn: at(Folio, 0) })
    for (let n = 0; n < 2; n++) init(at(SuperBlock, n), { s_rmapbt: true })
    fs_dax_get(dax_dev, old_fs, OPS_OF_XFS)
  },
  tasks: {
    umount: () => {
      fs_put_dax(dax_dev, old_fs)
      complete(umount_over)
    },
    mount: () => {
      if (fs_dax_get(dax_dev, new_fs, OPS_OF_XFS) === 0) observer.mounted = true
      complete(mount_over)
    },
    error: () => {
      wait_for_completion(umount_over)
      wait_for_completion(mount_over)
      observer.told = dax_holder_notify_failure(dax_dev, at(Block, 0), MF_NONE) === 0
    },
  },
  finally: {
    owner_told,
  },
  reaches: {
    claimed: () => observer.mounted,
    refused: () => mount_over.done && !observer.mounted,
  },
})
