/**
 * Who gives a DAX device up first stops being its owner and then clears the operations: those of the next owner, if one has
 * come in between. When memory fails nobody tells that owner.
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
import { bug } from '../history/index.ts'
import {
  Block,
  dax_holder_notify_failure,
  DaxDevice,
  Folio,
  fs_dax_get,
  fs_put_dax,
  MF_NONE,
  NO_HOLDER,
  OPS_NONE,
  OPS_OF_XFS,
  SuperBlock,
} from '../kernel/index.ts'

/** What the user of the new file system sees. */
class Observer extends Struct<'observer'> {
  mounted = bool()
  /** A memory error was reported to the owner. */
  told = bool()
}

const dax_dev = at(DaxDevice, 0)
const old_fs = 1
const new_fs = 2
const observer = at(Observer, 0)
const mount_over = at(Completion, 0)
const umount_over = at(Completion, 1)
const error_over = at(Completion, 2)
const third_over = at(Completion, 3)

/** Both are XFS, and can say which files a block belongs to: none. */
function setup(): void {
  init(at(Block, 0), { pfn: at(Folio, 0) })
  for (let n = 0; n < 3; n++) init(at(SuperBlock, n), { s_rmapbt: true })
  fs_dax_get(dax_dev, old_fs, OPS_OF_XFS)
}

function mount(): void {
  if (fs_dax_get(dax_dev, new_fs, OPS_OF_XFS) === 0) observer.mounted = true
  complete(mount_over)
}

function umount(): void {
  fs_put_dax(dax_dev, old_fs)
  complete(umount_over)
}

/** An error that comes when the old file system has gone and the new one is there. */
function memory_error(): void {
  wait_for_completion(umount_over)
  wait_for_completion(mount_over)
  observer.told = dax_holder_notify_failure(dax_dev, at(Block, 0), MF_NONE) === 0
}

const owner_told = property('assertion', 'the owner of a device is told when its memory fails', () => {
  return !observer.mounted || observer.told
})

export const umount_vs_mount = scenario({
  id: 'umount-vs-mount-vs-memory-error',
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup,
  tasks: {
    umount,
    mount,
    error: memory_error,
  },
  finally: { owner_told },
  reaches: { mounted: () => observer.mounted },
})

/** The new file system goes too, once the error has been reported. */
export const umount_vs_mount_umount = scenario({
  id: 'umount-vs-mount-and-umount',
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup,
  tasks: {
    umount,
    mount: () => {
      mount()
      wait_for_completion(error_over)
      if (observer.mounted) fs_put_dax(dax_dev, new_fs)
    },
    error: () => {
      wait_for_completion(third_over)
      memory_error()
      complete(error_over)
    },
    third: () => {
      if (fs_dax_get(dax_dev, 3, OPS_OF_XFS) === 0) fs_put_dax(dax_dev, 3)
      complete(third_over)
    },
  },
  finally: { owner_told },
})

export default bug({
  slug: 'holder-ops-overwritten',
  title: 'dax: fix holder_ops race in fs_put_dax()',
  introduced: 'eec38f5d86d2',
  releases: 'to 7.1',
  class: 'assertion',
  after: {
    fs_put_dax(dev: DaxDevice, holder: number): void {
      if (dev.holder_data.cmpxchg(holder, NO_HOLDER) === holder) dev.holder_ops = OPS_NONE
    },
  },
  shows: { scenario: umount_vs_mount },
  larger: { scenario: umount_vs_mount_umount },
})
