/**
 * The end of writeback of an ordinary page. Linux 7.3 mm/filemap.c, mm/page-writeback.c, mm/vmscan.c.
 * One bit of the page, who waits for it, and the allocator. Left out: files; every other bit.
 */
import { atomic, bool, expect, ghost, indivisible, ref, Struct, uint, when } from '../../dialect/index.ts'

/** Who may have a page of memory: a file, a process. */
export class PageOwner extends Struct<'page_owner'> {
  readonly number = uint(2)
}

/** struct page of ordinary memory. */
export class CachePage extends Struct<'cache_page'> {
  /** 0: free. */
  _refcount = atomic(3)
  /** PG_writeback */
  writeback = bool()
  /** PG_waiters: somebody waits for the end of writeback. */
  waiters = bool()
  owner = ghost(ref(() => PageOwner))
}

/** Waits for a free page. The owner has a reference. */
export function alloc_cache_page(page: CachePage, owner: PageOwner): void {
  when(
    () => page._refcount.read() === 0,
    () => {
      page._refcount.set(1)
      page.owner = owner
    },
  )
}

export function put_cache_page(page: CachePage): void {
  indivisible(() => {
    if (page._refcount.dec_and_test()) page.owner = null
  })
}

export function start_writeback(page: CachePage): void {
  page.writeback = true
}

/**
 * The device has written the page. Whoever sees the bit clear may give the last reference back, so this takes one of its
 * own until the waiters are woken.
 */
export function end_page_writeback(page: CachePage, owner: PageOwner): void {
  page._refcount.inc()
  page.writeback = false
  wake_up_page(page, owner)
  put_cache_page(page)
}

/** Looks at the flags of the page, and wakes who waits for it. */
export function wake_up_page(page: CachePage, owner: PageOwner): void {
  indivisible(() => {
    expect(page.owner !== null, 'use-after-free', 'a page is not free when its waiters are woken')
    expect(page.owner === owner, 'use-after-free', 'a page has no other owner when its waiters are woken')
    page.waiters = false
  })
}

/** Left out: the sleep. The bit may be clear before anybody is woken, and then nobody sleeps. */
export function wait_on_page_writeback(page: CachePage): void {
  when(() => !page.writeback)
}

/** Truncate or reclaim. */
export function remove_mapping(page: CachePage): void {
  wait_on_page_writeback(page)
  put_cache_page(page)
}
