/** `bound('fs')` is an index into this list; the same as FILE_SYSTEMS of the dialect, which the compiler does not import. */
export const FILE_SYSTEMS: readonly string[] = ['xfs', 'ext4', 'fuse']
