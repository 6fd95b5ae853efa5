/** Conformance: a trace of a real kernel in; the first event that cannot be, or none, out. */
export { Conformance, TextCheck, TraceCheck, type ConformanceOptions, type TraceOptions } from './conform.ts'
export { TraceFormatError, type ByteSource, type Unpack } from './dat/bytes.ts'
export { DatCheck } from './dat/check.ts'
export { isDat } from './dat/file.ts'
export { forRelease, type ObservationSpec } from './observations.ts'
export { coverageText, traceText, type ReportOptions } from './report.ts'
export { parseAddress } from './survey.ts'
export type { Coverage, Finding, Remark, TraceVerdict } from './verdict.ts'
