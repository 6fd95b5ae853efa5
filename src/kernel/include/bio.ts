/** struct bio, of one page. Linux 7.3 include/linux/blk_types.h. */
import { bool, Completion, embedded, ref, Struct } from '../../dialect/index.ts'
import { Folio, Vma } from './mm_types.ts'

export class Bio extends Struct<'bio'> {
  /** The page that it holds a reference of, from the end of GUP until the reference is dropped. */
  bi_folio = ref(() => Folio)
  /** The device has it. */
  bi_submitted = bool()
  /** The transfer is over; the submitter waits for this. */
  bi_done = embedded(() => Completion)
  /** The mapping that the bytes go to, or come from. */
  readonly bi_vma = ref(() => Vma)
  /** REQ_OP_WRITE: the device reads memory. */
  readonly bi_op_write = bool()
}
