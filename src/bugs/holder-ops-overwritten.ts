/**
 * Who gives a DAX device up first stops being its owner and then clears the operations: those of the next owner, if one has
 * come in between. When memory fails nobody tells that owner.
 */
import { at, bool, Completion, complete, property, scenario, Struct, wait_for_completion } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import { dax_holder_notify_failure, DaxDevice, fs_dax_get, fs_put_dax, NO_HOLDER, OPS_NONE } from '../kernel/index.ts'

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
const error_over = at(Completion, 1)

function setup(): void {
  fs_dax_get(dax_dev, old_fs)
}

function mount(): void {
  if (fs_dax_get(dax_dev, new_fs) === 0) observer.mounted = true
  complete(mount_over)
}

/** An error that comes when the new file system is there. */
function memory_error(): void {
  wait_for_completion(mount_over)
  observer.told = dax_holder_notify_failure(dax_dev) === 0
}

const owner_told = property('assertion', 'the owner of a device is told when its memory fails', () => {
  return !observer.mounted || observer.told
})

export const umount_vs_mount = scenario({
  id: 'umount-vs-mount-vs-memory-error',
  bounds: {},
  setup,
  tasks: {
    umount: () => fs_put_dax(dax_dev, old_fs),
    mount,
    error: memory_error,
  },
  finally: { owner_told },
  reaches: { mounted: () => observer.mounted },
})

/** The new file system goes too, once the error has been reported. */
export const umount_vs_mount_umount = scenario({
  id: 'umount-vs-mount-and-umount',
  bounds: {},
  setup,
  tasks: {
    umount: () => fs_put_dax(dax_dev, old_fs),
    mount: () => {
      mount()
      wait_for_completion(error_over)
      if (observer.mounted) fs_put_dax(dax_dev, new_fs)
    },
    error: () => {
      memory_error()
      complete(error_over)
    },
    third: () => {
      if (fs_dax_get(dax_dev, 3) === 0) fs_put_dax(dax_dev, 3)
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
