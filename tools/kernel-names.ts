/**
 * What the same step is called in the kernel, release by release, and the function here that is it. Read in the trees of 5.10,
 * 6.1, 6.12 and 7.3; a release in between has the name of the nearest of them that is not newer than the change.
 */

/** One concept of the protocol. */
export interface ConceptNames {
  readonly concept: string
  /** Names by release. '': the kernel had no such step. */
  readonly kernel: Readonly<Record<NamedRelease, string>>
  /** Functions here; by release where an older one had another. */
  readonly here: string | Partial<Readonly<Record<NamedRelease, string>>>
}

export const namedReleases = ['5.10', '6.1', '6.12', '7.3'] as const
export type NamedRelease = (typeof namedReleases)[number]

const names = (a: string, b: string, c: string, d: string): ConceptNames['kernel'] => ({
  '5.10': a,
  '6.1': b,
  '6.12': c,
  '7.3': d,
})

const always = (name: string): ConceptNames['kernel'] => names(name, name, name, name)

export const concepts: readonly ConceptNames[] = [
  {
    concept: 'GUP takes a reference, slow',
    kernel: names('try_grab_page', 'try_grab_page', 'try_grab_folio', 'try_grab_folio'),
    here: 'try_grab_folio',
  },
  {
    concept: 'GUP takes a reference, fast',
    kernel: names('try_grab_compound_head', 'try_grab_folio', 'try_grab_folio_fast', 'try_grab_folio_fast'),
    here: 'try_grab_folio_fast',
  },
  {
    concept: 'GUP drops a reference',
    kernel: names('put_compound_head, put_page_refs', 'gup_put_folio', 'gup_put_folio', 'gup_put_folio'),
    here: 'gup_put_folio',
  },
  {
    concept: 'fast walk of small entries',
    kernel: names('gup_pte_range', 'gup_pte_range', 'gup_fast_pte_range', 'gup_fast_pte_range'),
    here: 'gup_fast_pte_range',
  },
  {
    concept: 'fast walk of a huge entry',
    kernel: names('__gup_device_huge_pmd', '__gup_device_huge_pmd', 'gup_fast_devmap_pmd_leaf', 'gup_fast_pmd_leaf'),
    here: 'gup_fast_pmd_leaf',
  },
  {
    concept: 'slow walk of a huge entry',
    kernel: names('follow_devmap_pmd', 'follow_devmap_pmd', 'follow_devmap_pmd', 'follow_huge_pmd'),
    here: 'follow_huge_pmd',
  },
  {
    concept: 'put of a page that is idle at 1',
    kernel: names('put_devmap_managed_page', '__put_devmap_managed_page_refs', '__put_devmap_managed_folio_refs', ''),
    here: {
      '5.10': 'put_devmap_managed_folio_refs',
      '6.1': 'put_devmap_managed_folio_refs',
      '6.12': 'put_devmap_managed_folio_refs',
    },
  },
  {
    concept: 'the page is idle',
    kernel: names(
      'free_devmap_managed_page',
      'free_zone_device_page',
      'free_zone_device_folio',
      'free_zone_device_folio',
    ),
    here: {
      '5.10': 'put_devmap_managed_folio_refs',
      '6.1': 'put_devmap_managed_folio_refs',
      '6.12': 'put_devmap_managed_folio_refs',
      '7.3': 'free_zone_device_folio',
    },
  },
  {
    concept: 'insert of a small entry',
    kernel: names(
      'vmf_insert_mixed_mkwrite',
      'vmf_insert_mixed_mkwrite',
      'vmf_insert_mixed_mkwrite',
      'vmf_insert_page_mkwrite',
    ),
    here: {
      '5.10': 'vmf_insert_mixed_mkwrite',
      '6.1': 'vmf_insert_mixed_mkwrite',
      '6.12': 'vmf_insert_mixed_mkwrite',
      '7.3': 'vmf_insert_page_mkwrite',
    },
  },
  {
    concept: 'insert of a huge entry',
    kernel: names('vmf_insert_pfn_pmd', 'vmf_insert_pfn_pmd', 'vmf_insert_pfn_pmd', 'vmf_insert_folio_pmd'),
    here: {
      '5.10': 'vmf_insert_pfn_pmd',
      '6.1': 'vmf_insert_pfn_pmd',
      '6.12': 'vmf_insert_pfn_pmd',
      '7.3': 'vmf_insert_folio_pmd',
    },
  },
  { concept: 'removal of a huge entry', kernel: always('zap_huge_pmd'), here: 'zap_huge_pmd' },
  {
    concept: 'wait for the lock of an entry',
    kernel: names('get_unlocked_entry', 'get_unlocked_entry', 'get_unlocked_entry', 'get_next_unlocked_entry'),
    here: 'get_next_unlocked_entry',
  },
  {
    concept: 'the same in a scan',
    kernel: names('get_unlocked_entry', 'get_unlocked_entry', 'get_unlocked_entry', 'wait_entry_unlocked_exclusive'),
    here: {
      '5.10': 'dax_scan_entry',
      '6.1': 'dax_scan_entry',
      '6.12': 'dax_scan_entry',
      '7.3': 'wait_entry_unlocked_exclusive',
    },
  },
  {
    concept: 'lock of a page that nobody holds',
    kernel: names('dax_lock_page', 'dax_lock_page', 'dax_lock_folio', 'dax_lock_folio'),
    here: 'dax_lock_folio',
  },
  {
    concept: 'one more entry of a shared page',
    kernel: names('', 'dax_mapping_set_cow', 'dax_page_share_get', 'dax_associate_entry'),
    here: { '6.1': 'dax_page_share_get', '6.12': 'dax_page_share_get', '7.3': 'dax_associate_entry' },
  },
  {
    concept: 'one entry less of a page',
    kernel: names('dax_disassociate_entry', 'dax_disassociate_entry', 'dax_disassociate_entry', 'dax_folio_put'),
    here: 'dax_folio_put',
  },
  {
    concept: 'first busy page of a file',
    kernel: always('dax_layout_busy_page_range'),
    here: 'dax_layout_busy_page_range',
  },
  {
    concept: 'break of layouts, XFS',
    kernel: names('xfs_break_dax_layouts', 'xfs_break_dax_layouts', 'xfs_break_dax_layouts', 'dax_break_layout_inode'),
    here: 'xfs_break_dax_layouts',
  },
  {
    concept: 'break of layouts, ext4',
    kernel: names('ext4_break_layouts', 'ext4_break_layouts', 'ext4_break_layouts', 'dax_break_layout_inode'),
    here: 'ext4_break_layouts',
  },
  {
    concept: 'break of layouts, fuse',
    kernel: names(
      '__fuse_dax_break_layouts',
      '__fuse_dax_break_layouts',
      '__fuse_dax_break_layouts',
      'dax_break_layout',
    ),
    here: 'fuse_dax_break_layouts',
  },
  {
    concept: 'break of layouts of two files',
    kernel: names(
      '',
      'xfs_mmaplock_two_inodes_and_break_dax_layout',
      'xfs_mmaplock_two_inodes_and_break_dax_layout',
      'xfs_mmaplock_two_inodes_and_break_dax_layout',
    ),
    here: 'xfs_mmaplock_two_inodes_and_break_dax_layout',
  },
  {
    concept: 'wait at the end of an inode',
    kernel: names('', '', '', 'dax_break_layout_final'),
    here: { '7.3': 'dax_break_layout_final' },
  },
  {
    concept: 'truncate, XFS',
    kernel: names('xfs_setattr_size', 'xfs_setattr_size', 'xfs_setattr_size', 'xfs_vn_setattr_size'),
    here: 'xfs_vn_setattr_size',
  },
  {
    concept: 'fallocate, XFS',
    kernel: names('xfs_file_fallocate', 'xfs_file_fallocate', 'xfs_file_fallocate', '__xfs_file_fallocate'),
    here: 'xfs_file_fallocate',
  },
  { concept: 'fallocate, ext4', kernel: always('ext4_fallocate'), here: 'ext4_fallocate' },
  { concept: 'fallocate, fuse', kernel: always('fuse_file_fallocate'), here: 'fuse_file_fallocate' },
  { concept: 'write(2), XFS', kernel: always('xfs_file_dax_write'), here: 'xfs_file_dax_write' },
  { concept: 'write(2), ext4', kernel: always('ext4_dax_write_iter'), here: 'ext4_dax_write_iter' },
  { concept: 'write(2), fuse', kernel: always('fuse_dax_write_iter'), here: 'fuse_dax_write_iter' },
]
