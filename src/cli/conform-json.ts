/** The JSON of `conform`: schema/conform-1.schema.json. */
import type { Coverage, TraceVerdict } from '../conformance/index.ts'

export function conformDocument(
  verdicts: readonly { name: string; verdict: TraceVerdict }[],
  kernel: string,
  coverage: Coverage | null,
): object {
  return {
    schema: 'lastref/conform/1',
    kernel,
    traces: verdicts.map(({ name, verdict }) => ({
      trace: name,
      verdict: verdict.verdict,
      incomplete: verdict.incomplete,
      lines: verdict.lines,
      events: verdict.events,
      relevant: verdict.relevant,
      judged: verdict.judged,
      pages: verdict.objects,
      findings: verdict.findings.map((f) => ({
        ...f,
        time: f.time / 1e9,
        window: f.window.map((w) => ({ ...w, time: w.time / 1e9 })),
      })),
      more: verdict.more,
      remarks: verdict.remarks,
      stories: verdict.stories.map((story) => ({
        ...story,
        lines: story.lines.map(({ isIt: _, ...line }) => ({ ...line, time: line.time / 1e9 })),
      })),
    })),
    ...(coverage === null ? {} : { coverage }),
  }
}
