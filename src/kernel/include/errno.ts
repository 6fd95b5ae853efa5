/** Error numbers. Linux 7.3 include/uapi/asm-generic/errno*.h, include/linux/errno.h. Only those that our code returns. */

/** 0, or the negative of one of the numbers below. */
export type Errno = number

export const EINTR = 4
export const EIO = 5
export const ENXIO = 6
export const EAGAIN = 11
export const ENOMEM = 12
export const EFAULT = 14
export const EBUSY = 16
export const EINVAL = 22
export const ENOSPC = 28
export const EOPNOTSUPP = 95
export const EFSCORRUPTED = 117
/** A signal is pending: the system call is to be restarted, or ends with EINTR. */
export const ERESTARTSYS = 512
