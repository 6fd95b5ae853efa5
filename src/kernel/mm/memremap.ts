/** Pages of devices. Linux 7.3 mm/memremap.c. Left out: memory types other than MEMORY_DEVICE_FS_DAX; the dev_pagemap. */
import { trace } from '../../dialect/index.ts'
import type { Folio } from '../include/mm_types.ts'
import { wake_up_var } from '../kernel/sched/wait_bit.ts'

/** The last reference is gone: tell who waits for the page to be idle. Nothing is freed; the file system owns the block. */
export function free_zone_device_folio(folio: Folio): void {
  trace('free_zone_device_folio', folio)
  wake_up_var(folio)
}
