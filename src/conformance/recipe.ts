/** What to record so that a trace can be judged, as text for the tools that record: built from the list of probes. */
import { assert } from '../base/assert.ts'

/** Where a probe of the list of observations is put. `fields`: as in kprobe_events, with `$argN` and `$retval`. */
export interface RecordingSpec {
  readonly probe: string
  /** The first of these that the kernel has. */
  readonly functions: readonly string[]
  readonly fields: readonly string[]
  readonly since?: string
  readonly until?: string
}

/** Trace points that the kernel has, all of a group, or has not. */
export interface RecordingGroup {
  readonly group: string
  /** The configuration that it takes. */
  readonly needs: string
  /** Fields of each: the number of the object first. */
  readonly probes: Readonly<Record<string, readonly string[]>>
}

export interface Recipe {
  readonly kernel: string
  readonly probes: readonly RecordingSpec[]
  readonly group: RecordingGroup
  /** Whether the kernel has the group, for a tool that cannot find out. */
  readonly hasGroup: boolean
  /** Only objects with these numbers, from the first to the last, where a probe tells the number. */
  readonly frames: readonly [number, number] | null
}

/** Name of our events in the tracer. */
const system = 'lastref'

export const isReturn = (probe: RecordingSpec): boolean => probe.fields.some((f) => f.includes('$retval'))

const numberOf = (group: RecordingGroup): string => Object.values(group.probes)[0][0]

const filterOf = ({ frames, group }: Recipe): string | null =>
  frames === null ? null : `${numberOf(group)} >= ${frames[0]} && ${numberOf(group)} <= ${frames[1]}`

/**
 * A shell script: sets everything up, says with the trace which probes there are, copies the trace to standard output
 * until it is interrupted, and takes everything down.
 */
export function tracefsScript(recipe: Recipe): string {
  const { kernel, probes, group } = recipe
  const filter = filterOf(recipe)
  const [first] = Object.keys(group.probes)
  const add = probes.map(({ probe, functions, fields }) => {
    const kind = isReturn({ probe, functions, fields }) ? 'r' : 'p'
    return `add ${kind} ${probe} '${functions.join(' ')}' '${fields.join(' ')}'`
  })
  return `#!/bin/sh
# What \`lastref conform --kernel ${kernel}\` needs, with the kernel's own tracer. As root:
#     sh record.sh > trace.txt        and Ctrl-C when done
T=\${TRACEFS:-/sys/kernel/tracing}
test -w "$T/kprobe_events" || { echo "cannot write $T/kprobe_events: root? is tracefs mounted?" >&2; exit 2; }
OK=
end() {
  trap - INT TERM EXIT
  echo 0 > "$T/tracing_on"
  for name in $OK; do
    echo 0 > "$T/events/${system}/$name/enable"
    echo "-:${system}/$name" >> "$T/kprobe_events"
  done 2> /dev/null
  test -e "$T/events/${group.group}/enable" && echo 0 > "$T/events/${group.group}/enable"
  exit "\${1:-0}"
}
trap end INT TERM EXIT
# kind, name, functions of which the first that there is counts, fields
add() {
  for function in $3; do
    if echo "$1:${system}/$2 $function $4" >> "$T/kprobe_events"; then
      OK="$OK $2"
      return
    fi 2> /dev/null
  done
  echo "this kernel has no $3: what it does is not observed" >&2
}
echo 0 > "$T/tracing_on"
echo global > "$T/trace_clock"
echo > "$T/trace"
echo 16384 > "$T/buffer_size_kb"
${add.join('\n')}
for name in $OK; do echo 1 > "$T/events/${system}/$name/enable"; done
ALL=$OK
if test -e "$T/events/${group.group}/enable"; then
${filter === null ? '' : `  echo '${filter}' > "$T/events/${group.group}/filter"\n`}  echo 1 > "$T/events/${group.group}/enable"
  ALL="$OK ${first}"
else
  echo "no ${group.group} events (${group.needs}): what they show is inferred" >&2
fi
echo "# probes:$(echo " $ALL" | tr -s ' ')"
echo 1 > "$T/tracing_on"
cat "$T/trace_pipe"
`
}

/** Commands of trace-cmd; what they write is read by conform as it is. */
export function traceCmdScript(recipe: Recipe): string {
  const filter = filterOf(recipe)
  return `#!/bin/sh
# What \`lastref conform --kernel ${recipe.kernel}\` needs, with trace-cmd. As root; Ctrl-C ends it.
T=\${TRACEFS:-/sys/kernel/tracing}
${recipe.probes
  .map((p) => {
    const events = p.functions.map(
      (f) => `echo '${isReturn(p) ? 'r' : 'p'}:${system}/${p.probe} ${f} ${p.fields.join(' ')}' >> "$T/kprobe_events"`,
    )
    return events.map((e) => `{ ${e}; } 2> /dev/null`).join(' ||\n  ') + ` ||\n  echo '${p.probe}: not observed' >&2`
  })
  .join('\n')}
trace-cmd record -C global -e ${system} -e ${recipe.group.group}${filter === null ? '' : ` -f '${filter}'`} -o trace.dat
for e in "$T"/events/${system}/*/enable; do e=\${e%/enable}; echo "-:${system}/\${e##*/}" >> "$T/kprobe_events"; done
`
}

/** A bpftrace script that prints the lines of ftrace. Probes that the kernel lacks have to be taken out by hand. */
export function bpftraceScript(recipe: Recipe): string {
  const { kernel, probes, group, hasGroup } = recipe
  const names = [...probes.map((p) => p.probe), ...(hasGroup ? Object.keys(group.probes).slice(0, 1) : [])].join(' ')
  const filter = filterOf(recipe)
  const when = filter === null ? '' : ` /${filter.replaceAll(numberOf(group), `args->${numberOf(group)}`)}/`
  const ofGroup = Object.entries(hasGroup ? group.probes : {}).map(([name, fields]) => {
    const form = fields.map((f, i) => `${f}=${i === 0 ? '0x%lx' : '%d'}`).join(' ')
    const values = fields.map((f) => `args->${f}`)
    return `tracepoint:${group.group}:${name}${when} { ${printed(name, form, values)} }`
  })
  return `#!/usr/bin/env bpftrace
// What \`lastref conform --kernel ${kernel}\` needs; bpftrace does not sort what it prints:
//     bpftrace record.bt > raw.txt; sort -s -t ']' -k 2n raw.txt > trace.txt
// Take out the probes that bpftrace does not find, here and in the list: what they show is then inferred.
BEGIN { printf("# probes: ${names}\\n"); }
${probes.map(bpftraceProbe).join('\n')}
${ofGroup.map((line) => `${line}\n`).join('')}`
}

function bpftraceProbe(probe: RecordingSpec): string {
  const fields = probe.fields.map(bpftraceField)
  const form = fields.map((f) => f.form).join(' ')
  const kind = isReturn(probe) ? 'kretprobe' : 'kprobe'
  return `${kind}:${probe.functions[0]} { ${printed(
    probe.probe,
    form,
    fields.map((f) => f.value),
  )} }`
}

/** A line as ftrace has it; in one piece, or CPUs would come between. */
const printed = (name: string, form: string, values: readonly string[]): string =>
  `printf("%s-%d [%03d] %lu.%06lu: ${name}: ${form}\\n", comm, tid, cpu, nsecs / 1000000000, ` +
  `nsecs % 1000000000 / 1000, ${values.join(', ')});`

/** A field of kprobe_events for bpftrace: how it is printed, and its value. */
export function bpftraceField(field: string): { form: string; value: string } {
  const found = /^(\w+)=(?:([+-])(\w+)\()?\$(?:arg(\d)|retval)\)?:([xsu])(\d+)$/.exec(field)
  assert(found !== null, `${field} is not in the form that is known`)
  const [, name, sign, offset, argument, kind, bits] = found
  const base = argument === undefined ? 'retval' : `arg${Number(argument) - 1}`
  const type = `${kind === 's' ? '' : 'u'}int${bits}`
  const value = sign === undefined ? `(${type})${base}` : `*(${type} *)(${base} ${sign} ${offset})`
  const form = kind === 'x' ? (bits === '64' ? '0x%lx' : '0x%x') : '%d'
  return { form: `${name}=${form}`, value }
}
