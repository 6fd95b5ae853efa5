/**
 * The changes from newest to oldest, and the kernels that they give. A release runs the newest source with the changes
 * after it undone; a stable kernel is a release with some later changes and some of its own; `5.18+song-v1` is 5.18
 * with a patch.
 *
 * Left out, since they change names and no step: put_devmap_managed_page_refs() became ..._folio_refs(), the fault locks of
 * XFS, ext4 and fuse became mapping->invalidate_lock in v5.15, and e6fa3963a30d moved the test for an idle page.
 */
import type { Change } from '../dialect/index.ts'
import change_0e2f80afcfa6 from './0e2f80afcfa6.ts'
import change_169004265860 from './169004265860.ts'
import change_1e57ffb6e3fd from './1e57ffb6e3fd.ts'
import change_237388320dee from './237388320dee.ts'
import change_27674ef6c73f from './27674ef6c73f.ts'
import change_38607c62b34b from './38607c62b34b.ts'
import change_52650c8b466b from './52650c8b466b.ts'
import change_6be3e21d25ca from './6be3e21d25ca.ts'
import change_7851bf649d42 from './7851bf649d42.ts'
import change_7a6db2eb6d5d from './7a6db2eb6d5d.ts'
import change_8012b8660855 from './8012b8660855.ts'
import change_aed877c2b425 from './aed877c2b425.ts'
import change_b67fbebd4cf9 from './b67fbebd4cf9.ts'
import change_bde708f1a65d from './bde708f1a65d.ts'
import bio_fix from './bio-fix.ts'
import bio_folio_put_refs from './bio-folio-put-refs.ts'
import change_cbe298d82cf7 from './cbe298d82cf7.ts'
import change_cee91fa13a8e from './cee91fa13a8e.ts'
import type { KernelFunctions } from './change.ts'
import change_d5b3afea22a5 from './d5b3afea22a5.ts'
import change_d8530de5a6e8 from './d8530de5a6e8.ts'
import change_d8ddc099c6b3 from './d8ddc099c6b3.ts'
import change_dd59137bfe70 from './dd59137bfe70.ts'
import change_e5cb23256347 from './e5cb23256347.ts'
import change_f4f451a16dd1 from './f4f451a16dd1.ts'
import change_f80e1668888f from './f80e1668888f.ts'
import change_fa422b353d21 from './fa422b353d21.ts'
import change_fd2825b0760a from './fd2825b0760a.ts'
import road_entry from './road-entry.ts'
import road_notify from './road-notify.ts'
import road_pgmap from './road-pgmap.ts'
import road_wait from './road-wait.ts'
import song_v1 from './song-v1.ts'
import song_v2 from './song-v2.ts'
import undo_gup_fix from './undo-gup-fix.ts'

/** Newest first, by the order of the commits. */
export const changes: readonly Change<KernelFunctions>[] = [
  change_7a6db2eb6d5d,
  change_fd2825b0760a,
  change_dd59137bfe70,
  change_aed877c2b425,
  change_38607c62b34b,
  change_cbe298d82cf7,
  change_e5cb23256347,
  change_0e2f80afcfa6,
  change_bde708f1a65d,
  change_d5b3afea22a5,
  change_6be3e21d25ca,
  change_cee91fa13a8e,
  change_7851bf649d42,
  change_fa422b353d21,
  change_d8530de5a6e8,
  change_f80e1668888f,
  change_169004265860,
  change_8012b8660855,
  change_1e57ffb6e3fd,
  change_b67fbebd4cf9,
  change_f4f451a16dd1,
  change_27674ef6c73f,
  change_d8ddc099c6b3,
  change_237388320dee,
  change_52650c8b466b,
]

/** In no release; named after a `+`, or by a stable kernel. */
export const patches: readonly Change<KernelFunctions>[] = [
  song_v1,
  song_v2,
  bio_folio_put_refs,
  bio_fix,
  undo_gup_fix,
  road_entry,
  road_pgmap,
  road_wait,
  road_notify,
]

export interface Release {
  readonly name: string
  /** What is special about it for FSDAX pages. */
  readonly title: string
  /** Stable kernels: the release that they come from. */
  readonly base?: string
  /** Changes later than the base that it has all the same. */
  readonly backports?: readonly string[]
  /** Patches that it has. */
  readonly patches?: readonly string[]
}

export const releases: readonly Release[] = [
  { name: '5.10', title: 'idle at 1; unpin ends in put_page()' },
  { name: '5.15', title: 'idle at 1; one invalidate_lock for all file systems' },
  { name: '5.17', title: 'idle at 1; the last release before gup_put_folio()' },
  { name: '5.18', title: 'idle at 1; an unpin tells nobody' },
  { name: '5.19', title: 'idle at 1; the unpin tells again' },
  { name: '6.1', title: 'idle at 1' },
  {
    name: '6.1.176',
    title: 'idle at 1; direct I/O tells nobody',
    base: '6.1',
    backports: ['7851bf649d42'],
    patches: ['bio-folio-put-refs'],
  },
  { name: '6.6', title: 'idle at 1; direct I/O pins' },
  { name: '6.12', title: 'idle at 1' },
  { name: '6.14', title: 'idle at 1, for the last time' },
  { name: '6.15', title: 'idle at 0; mappings are references; one way to break layouts' },
  { name: '6.18', title: 'idle at 0; GUP without the page map' },
  { name: '7.3', title: 'idle at 0; the newest source' },
]
