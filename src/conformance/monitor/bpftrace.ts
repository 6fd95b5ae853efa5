/** A monitor as a script for bpftrace, which moves the same automaton while the kernel runs. */
import { assert } from '../../base/assert.ts'
import type { EventSpec, ValueSpec } from '../observations.ts'
import { bpftraceField, isReturn } from '../recipe.ts'
import { distinctions, elsewhere, nameOf } from './alphabet.ts'
import type { Monitor } from './monitor.ts'

/** Most instances that are in the middle of something: the default of bpftrace is few. */
const instances = 65536

/** `frames`: numbers of the objects of the device, first and last. */
export function monitorScript(monitor: Monitor, frames: readonly [number, number]): string {
  const { kernel, spec, automaton, alphabet, states } = monitor
  const { name, base } = spec.object
  const writer = new Writer(monitor, frames)
  return `#!/usr/bin/env bpftrace
// What one task may show at one ${name}, Linux ${kernel}: the automaton that lastref monitor --format dot writes.
// As root, before the device is used; Ctrl-C ends it, and shows who is in the middle of something (@middle[${name}, who]):
//     BPFTRACE_MAP_KEYS_MAX=${instances} bpftrace monitor.bt
// An interrupt on CPU n is -4n-2 or -4n-3, the idle task there -4n-1. A probe that bpftrace does not find is not in this
// kernel: leave it out with --probes.
${monitor.blind.map((rule) => `// Not seen: this kernel breaks a rule, and no record tells. ${rule}\n`).join('')}BEGIN
{
  // Where the array of struct ${name} begins; ${base} where it is not moved at random.
  @base = *(uint64 *)kaddr("vmemmap_base");
${automaton.next.flatMap((row, state) => row.flatMap((to, s) => (to < 0 ? [] : [`  @next[${state}, ${s}] = ${to + 1};`]))).join('\n')}
${states.map((state, i) => `  @state[${i}] = "${state}";`).join('\n')}
${alphabet.symbols.map((symbol, i) => `  @event[${i}] = "${symbol}";`).join('\n')}
  printf("watching ${name}s 0x%lx to 0x%lx\\n", ${frames.join(', ')});
}
tracepoint:irq:irq_handler_entry { @hard[cpu] = 1; }
tracepoint:irq:irq_handler_exit { @hard[cpu] = 0; }
tracepoint:irq:softirq_entry { @soft[cpu] = 1; }
tracepoint:irq:softirq_exit { @soft[cpu] = 0; }
${monitor.records.map((record) => writer.probe(record)).join('\n')}
// Back in its program a task is in the middle of nothing.
tracepoint:raw_syscalls:sys_exit /@at[(int64)tid]/
{
  $who = (int64)tid;
  $left = @at[$who] - 1;
${writer.leave('  ')}
  delete(@at[$who]);
}
END
{
  clear(@next); clear(@state); clear(@event); clear(@hard); clear(@soft); clear(@at);
  clear(@large); clear(@base);
}
`
}

class Writer {
  private readonly monitor: Monitor
  private readonly frames: readonly [number, number]
  private readonly elsewhere: number

  constructor(monitor: Monitor, frames: readonly [number, number]) {
    this.monitor = monitor
    this.frames = frames
    this.elsewhere = monitor.alphabet.symbols.indexOf(elsewhere)
    assert(
      monitor.automaton.next.every((row) => row[this.elsewhere] <= 0),
      'who is elsewhere is at rest here',
    )
  }

  probe(record: EventSpec): string {
    const { attach, value } = this.placeOf(record.probe)
    const [first, last] = this.frames
    const conditions = [`$frame >= ${first}`, `$frame <= ${last}`, ...skipConditions(record, value)]
    return `${attach}
{
  $frame = ${this.frame(record, value)};
  if (@large[$frame / ${this.monitor.spec.object.large}]) { $frame = @large[$frame / ${this.monitor.spec.object.large}] - 1; }
  if (${conditions.join(' && ')}) {
    $who = (int64)tid;
    if (@hard[cpu]) { $who = -4 * (int64)cpu - 3; }
    else if (@soft[cpu]) { $who = -4 * (int64)cpu - 2; }
    else if (tid == 0) { $who = -4 * (int64)cpu - 1; }
    if (@at[$who] && @at[$who] != $frame + 1) {
      $left = @at[$who] - 1;
${this.leave('      ')}
    }
    $event = ${this.eventOf(record, value)};
${this.move(record)}${record.then === undefined ? '' : this.thenOf(record, value)}${this.largeOf(record)}
  }
}`
  }

  /** The instance of \`$left\` and \`$who\` is left. */
  leave(indent: string): string {
    const lines = [
      `if (@next[@middle[$left, $who], ${this.elsewhere}] == 0) {`,
      `  printf("violated: %s %d goes on elsewhere: ${this.word} 0x%lx %s\\n", comm, $who, $left, @state[@middle[$left, $who]]);`,
      '}',
      'delete(@middle[$left, $who]);',
    ]
    return lines.map((line) => indent + line).join('\n')
  }

  private move(record: EventSpec): string {
    return `    $to = @next[@middle[$frame, $who], $event];
    if ($to == 0) {
      printf("violated: %s %d: ${this.word} 0x%lx %s: no %s\\n", comm, $who, $frame, @state[@middle[$frame, $who]], @event[$event]);
    }
    if ($to <= 1) { delete(@middle[$frame, $who]); } else { @middle[$frame, $who] = $to - 1; }
    ${record.away === true ? 'delete(@at[$who]);' : '@at[$who] = $frame + 1;'}`
  }

  private thenOf(record: EventSpec, value: (field: string) => string): string {
    const { field, event } = record.then!
    return `
    if (${value(field)} != 0) {
      $event = ${this.symbol(event, [])};
${this.move(record)}
    }`
  }

  /** From now on the object is one with its neighbours, or no more. */
  private largeOf({ large }: EventSpec): string {
    const entry = `@large[$frame / ${this.monitor.spec.object.large}]`
    if (large === undefined) return ''
    return large === 'joins' ? `\n    ${entry} = $frame + 1;` : `\n    delete(${entry});`
  }

  private get word(): string {
    return this.monitor.spec.object.name
  }

  /** Where the probe is put, and how a field of it is read. */
  private placeOf(probe: string): { attach: string; value: (field: string) => string } {
    const { recording, recordingGroup } = this.monitor.spec
    const group = recordingGroup.probes[probe]
    if (group !== undefined)
      return { attach: `tracepoint:${recordingGroup.group}:${probe}`, value: (field) => `(int64)args->${field}` }
    const found = recording.find((r) => r.probe === probe)
    assert(found !== undefined, `${probe} can be recorded`)
    const fields = new Map(found.fields.map((f) => [f.split('=')[0], bpftraceField(f).value]))
    return {
      attach: `${isReturn(found) ? 'kretprobe' : 'kprobe'}:${found.functions[0]}`,
      value: (field) => fields.get(field)!,
    }
  }

  private frame({ object }: EventSpec, value: (field: string) => string): string {
    const read = value(object!.field)
    switch (object!.as) {
      case 'address':
        return `(${read} - @base) / ${this.monitor.spec.object.size}`
      case 'frame':
        return `${read} & 0xfffffffffffff`
      case 'entry':
        return `${read} >> 5`
    }
  }

  /** An expression for the number of the symbol. */
  private eventOf(record: EventSpec, value: (field: string) => string): string {
    const event = record.event!
    const choose = (index: number, kinds: readonly string[]): string => {
      const all = distinctions(this.monitor.spec, event)
      if (index === all.length) return String(this.symbol(event, kinds))
      const { value: which, test, yes, no } = all[index]
      const holds = this.test(test, (record.values ?? [])[which], value)
      return `(${holds} ? ${choose(index + 1, [...kinds, yes])} : ${choose(index + 1, [...kinds, no])})`
    }
    return choose(0, [])
  }

  private symbol(event: string, kinds: readonly string[]): number {
    return this.monitor.alphabet.symbols.indexOf(nameOf(event, kinds))
  }

  private test(
    test: 'positive' | 'zero' | 'idle' | 'foreign',
    spec: ValueSpec,
    value: (field: string) => string,
  ): string {
    if (test === 'foreign') {
      assert(typeof spec !== 'string' && 'address' in spec, 'an address')
      const known = Object.entries(spec.names).filter(([, label]) => this.monitor.addresses.includes(label))
      const offset = `${value(spec.address)} % ${this.monitor.spec.object.size}`
      return known.map(([at]) => `${offset} != ${at}`).join(' && ')
    }
    assert(typeof spec === 'string', 'a number')
    const read = `(int64)${value(spec)}`
    return test === 'positive' ? `${read} > 0` : `${read} == ${test === 'zero' ? 0 : this.monitor.idle}`
  }
}

/** What must hold for the record to count. */
function skipConditions({ skipIf, skipUnlessEqual }: EventSpec, value: (field: string) => string): string[] {
  return [
    ...(skipIf === undefined ? [] : [`(${value(skipIf.field)} & ${skipIf.mask}) == 0`]),
    ...(skipUnlessEqual === undefined ? [] : [skipUnlessEqual.map(value).join(' == ')]),
  ]
}
