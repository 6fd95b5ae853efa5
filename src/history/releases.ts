/** The changes from newest to oldest, and the kernels that they give. */
import type { Change } from '../dialect/index.ts'
import type { KernelFunctions } from './change.ts'
import change_0e2f80afcfa6 from './0e2f80afcfa6.ts'
import change_38607c62b34b from './38607c62b34b.ts'
import change_6be3e21d25ca from './6be3e21d25ca.ts'
import change_7851bf649d42 from './7851bf649d42.ts'
import change_bde708f1a65d from './bde708f1a65d.ts'
import change_cee91fa13a8e from './cee91fa13a8e.ts'
import change_d5b3afea22a5 from './d5b3afea22a5.ts'
import change_d8ddc099c6b3 from './d8ddc099c6b3.ts'
import change_dd59137bfe70 from './dd59137bfe70.ts'
import change_f4f451a16dd1 from './f4f451a16dd1.ts'
import change_fd2825b0760a from './fd2825b0760a.ts'

export const changes: readonly Change<KernelFunctions>[] = [
  change_fd2825b0760a,
  change_dd59137bfe70,
  change_38607c62b34b,
  change_0e2f80afcfa6,
  change_bde708f1a65d,
  change_d5b3afea22a5,
  change_6be3e21d25ca,
  change_cee91fa13a8e,
  change_7851bf649d42,
  change_f4f451a16dd1,
  change_d8ddc099c6b3,
]

/** A kernel that can be named. It runs the newest source with the changes after it undone. */
export interface Release {
  readonly name: string
}

export const releases: readonly Release[] = [
  { name: '5.10' },
  { name: '5.15' },
  { name: '5.17' },
  { name: '5.18' },
  { name: '5.19' },
  { name: '6.1' },
  { name: '6.6' },
  { name: '6.12' },
  { name: '6.14' },
  { name: '6.15' },
  { name: '6.18' },
  { name: '7.3' },
]
