/**
 * Reads an automaton as the kernel's generator of run-time monitors does, line by line (Documentation/trace/rv/
 * deterministic_automata.rst), and is stricter: what would be read otherwise than it is drawn, is an error.
 */
export interface RvAutomaton {
  readonly initial: string
  readonly finals: ReadonlySet<string>
  readonly states: readonly string[]
  readonly events: readonly string[]
  /** By state and event. Nothing: a violation. */
  readonly next: ReadonlyMap<string, ReadonlyMap<string, string>>
}

const identifier = /^[A-Za-z_]\w*$/

export function readRvDot(text: string): RvAutomaton {
  const lines = text.split('\n').map((line) => line.trim())
  if (lines[0] !== 'digraph state_automaton {') throw new Error(`it begins with '${lines[0]}'`)
  const first = lines.findIndex((line) => line.startsWith('{node'))
  const behind = lines.findIndex((line, i) => i > first && !line.startsWith('{node'))
  const nodes = lines.slice(first, behind).map((line) => {
    const [, shape, name] = /^\{node \[shape = (\w+)(?:, style=invis, label="")?\] "(\w+)"\};$/.exec(line) ?? []
    if (name === undefined || !identifier.test(name)) throw new Error(`no state: ${line}`)
    return { shape, name }
  })
  const initial = nodes.flatMap(({ shape, name }) => (shape === 'plaintext' ? [name.replace(/^__init_/, '')] : []))
  if (initial.length !== 1) throw new Error(`${initial.length} initial states`)
  const states = nodes.filter((n) => n.shape !== 'plaintext').map((n) => n.name)
  if (new Set(states).size !== states.length) throw new Error('a state twice')
  if (lines[behind] !== `"__init_${initial[0]}" -> "${initial[0]}";`) throw new Error(`no beginning: ${lines[behind]}`)

  const next = new Map(states.map((state) => [state, new Map<string, string>()]))
  const end = lines.findIndex((line, i) => i > behind && !line.startsWith('"'))
  for (const line of lines.slice(behind + 1, end)) {
    if (/^"(\w+)" \[label = "\1"\];$/.test(line)) continue
    const [, from, to, label] = /^"(\w+)" -> "(\w+)" \[ label = "(\S+)" \];$/.exec(line) ?? []
    if (label === undefined) throw new Error(`no transition: ${line}`)
    if (!next.has(from) || !next.has(to)) throw new Error(`a state of ${line} is not declared`)
    for (const event of label.split('\\n')) {
      if (!identifier.test(event)) throw new Error(`no event: ${event}`)
      if (next.get(from)!.has(event)) throw new Error(`${from} has two ways for ${event}`)
      next.get(from)!.set(event, to)
    }
  }
  // Enumerators of one C file.
  const events = [...new Set([...next.values()].flatMap((row) => [...row.keys()]))].sort()
  const both = events.find((event) => states.includes(event))
  if (both !== undefined) throw new Error(`${both} is a state and an event`)
  const finals = nodes.filter((n) => n.shape === 'doublecircle').map((n) => n.name)
  return { initial: initial[0], finals: new Set(finals), states, events, next }
}
