/** `bug(...)` types an entry of the corpus: the functions that bring it back stand against those of the kernel. */
import type { Bug } from '../dialect/index.ts'
import type { KernelFunctions } from './change.ts'

export const bug = (b: Bug<KernelFunctions>): Bug<KernelFunctions> => b
