/** A transition system for reading: every action with its source line, guard and effect. */
import { unreachable } from '../base/assert.ts'
import { allActions, type Action, type Expression, type Statement, type TransitionSystem } from '../model/system.ts'
import { counted } from './names.ts'

export function actionLines(system: TransitionSystem): string[] {
  const count = allActions(system).length
  const title = [system.name, system.kernel, system.fs].filter(Boolean).join(', ')
  return [
    `${title}: ${counted(system.variables.length, 'variable')}, ${counted(count, 'action')}; reductions: ${system.reductions.join(', ') || 'none'}`,
    '',
    'variables',
    ...system.variables.map(
      (v) => `  ${v.name}: ${v.labels ? v.labels.join(' | ') : `${v.lo}..${v.hi}`}${v.ghost ? '  (ghost)' : ''}`,
    ),
    '',
    'properties',
    ...system.properties.map((p) => `  ${p.kind} ${p.name} (${p.class}): ${p.message}`),
    ...system.tasks.flatMap((_, t) => taskLines(system, t)),
  ]
}

function taskLines(system: TransitionSystem, t: number): string[] {
  const { name, interrupt, locations } = system.tasks[t]
  const lines = ['', `${interrupt ? 'interrupt' : 'task'} ${name}`]
  locations.forEach((location, i) => {
    const live = location.live.map((r) => system.tasks[t].registers[r].name)
    lines.push(
      `  ${i}: ${live.length > 0 ? `[${live.join(', ')}] ` : ''}${location.actions.length === 0 ? 'done' : ''}`.trimEnd(),
    )
    for (const action of location.actions) lines.push(...actionText(system, action))
  })
  return lines
}

function actionText(system: TransitionSystem, action: Action): string[] {
  const printer = new Printer(system, action.task)
  const guard = action.guard ? [`    when ${printer.expression(action.guard)}`] : []
  return [`    ${printer.site(action.site)}`, ...guard, ...printer.block(action.body, '      ')]
}

class Printer {
  readonly #system: TransitionSystem
  readonly #task: number

  constructor(system: TransitionSystem, task: number) {
    this.#system = system
    this.#task = task
  }

  site(index: number): string {
    const { file, line, text } = this.#system.sites[index]
    return `// ${this.#system.files[file]}:${line}  ${text}`
  }

  block(statements: readonly Statement[], indent: string): string[] {
    return statements.flatMap((statement, i) =>
      i === 0 && statement.kind === 'step' ? [] : this.#statement(statement, indent),
    )
  }

  #statement(s: Statement, indent: string): string[] {
    switch (s.kind) {
      case 'step':
        return [indent + this.site(s.site)]
      case 'store':
        return [`${indent}${this.expression(s.place)} = ${this.expression(s.value)}`]
      case 'set':
        return [`${indent}${this.#register(s.register)} := ${this.expression(s.value)}`]
      case 'if': {
        const otherwise = s.otherwise.length > 0 ? [`${indent}else`, ...this.block(s.otherwise, indent + '  ')] : []
        return [`${indent}if ${this.expression(s.condition)}`, ...this.block(s.then, indent + '  '), ...otherwise]
      }
      case 'check':
        return [`${indent}check ${this.expression(s.condition)}  // ${this.#system.properties[s.property].message}`]
      case 'cover':
        return [`${indent}cover ${this.expression(s.condition)}  // ${this.#system.properties[s.property].name}`]
      case 'event':
        return [`${indent}trace ${s.name}(${s.values.map((value) => this.expression(value)).join(', ')})`]
      case 'goto':
        return [`${indent}goto ${s.location}`]
      default:
        return unreachable(s)
    }
  }

  expression(e: Expression): string {
    switch (e.kind) {
      case 'const':
        return String(e.value)
      case 'variable':
        return this.#system.variables[e.variable].name
      case 'element': {
        const names = e.variables.map((v) => this.#system.variables[v].name)
        return `${commonName(names)}[${this.expression(e.index)}]`
      }
      case 'register':
        return this.#register(e.register)
      case 'unary':
        return `${e.operator === 'not' ? '!' : '-'}${this.#operand(e.operand)}`
      case 'binary':
        return `${this.#operand(e.left)} ${e.operator} ${this.#operand(e.right)}`
      case 'select':
        return `${this.#operand(e.condition)} ? ${this.#operand(e.then)} : ${this.#operand(e.otherwise)}`
      default:
        return unreachable(e)
    }
  }

  #operand(e: Expression): string {
    return e.kind === 'binary' || e.kind === 'select' ? `(${this.expression(e)})` : this.expression(e)
  }

  #register(register: number): string {
    return `%${this.#system.tasks[this.#task].registers[register].name}`
  }
}

/** `{page0,page1}._refcount` for the names of one field in several instances. */
function commonName(names: readonly string[]): string {
  let head = 0
  while (head < names[0].length && names.every((n) => n[head] === names[0][head])) head++
  let tail = 0
  while (tail < names[0].length - head && names.every((n) => n.at(-1 - tail) === names[0].at(-1 - tail))) tail++
  const end = (n: string) => n.length - tail
  return `${names[0].slice(0, head)}{${names.map((n) => n.slice(head, end(n))).join(',')}}${names[0].slice(end(names[0]))}`
}
