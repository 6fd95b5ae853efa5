import { describe, expect, test } from 'vitest'
import { trackedFiles, type SourceFile } from './sources.ts'

/** A rule about the text of a tracked file. A violating line is here for each, so that no rule is silently dead. */
interface Rule {
  readonly name: string
  readonly appliesTo: (path: string) => boolean
  /** Complaints as `line: what`. */
  readonly check: (text: string) => string[]
  readonly violatingText: string
}

const linesMax = 700

// The patterns and the violating texts are put together from parts, or this file would break its own rules.
const mark = (word: string, rest: string) => word + rest
const rules: Rule[] = [
  {
    name: `no file has more than ${linesMax} lines; split it where the subject splits`,
    appliesTo: (path) => /\.(ts|js|css|html|md)$/.test(path),
    check: (text) => {
      const lines = text.split('\n').length - 1
      return lines > linesMax ? [`${lines} lines`] : []
    },
    violatingText: 'x\n'.repeat(linesMax + 1),
  },
  {
    name: 'nothing is left for later in a comment; do it, or write it down in docs/warts.md',
    appliesTo: isOurs,
    check: (text) => linesWith(text, new RegExp(`\\b(${mark('TO', 'DO')}|${mark('FIX', 'ME')})\\b`)),
    violatingText: `// ${mark('TO', 'DO')}: later`,
  },
  {
    name: 'no path of one machine; it means nothing on another',
    appliesTo: isOurs,
    check: (text) =>
      linesWith(text, new RegExp(`(?<![\\w.$}*])/(work|root|home/\\w+|Users/\\w+|tmp/${mark('bash', '_jobs')})/`)),
    violatingText: `see ${mark('/wo', 'rk')}/main/src`,
  },
  {
    name: 'no host of a package registry; npm knows its own',
    appliesTo: () => true,
    check: (text) => linesWith(text, new RegExp(`\\b(registry\\.[a-z0-9-]+\\.[a-z]+|npm${mark('mirror', '\\.')})`)),
    violatingText: `"resolved": "https://${mark('registry', '.npmjs.org')}/vitest"`,
  },
  {
    name: 'no white space at the end of a line',
    appliesTo: isOurs,
    check: (text) => linesWith(text, /[ \t\r]+$/),
    violatingText: 'let x = 1' + ' \n',
  },
  {
    name: 'a file ends with one newline',
    appliesTo: isOurs,
    check: (text) => (text === '' || /[^\n]\n$/.test(text) ? [] : ['the end']),
    violatingText: 'no newline',
  },
]

describe.each(rules)('$name', (rule) => {
  test('tracked files', () => {
    expect(trackedFiles().flatMap((file) => violations(rule, file))).toEqual([])
  })

  test('a violation is seen', () => {
    expect(violations(rule, { path: 'src/base/example.ts', text: rule.violatingText })).toHaveLength(1)
  })
})

function violations(rule: Rule, file: SourceFile): string[] {
  return rule.appliesTo(file.path) ? rule.check(file.text).map((what) => `${file.path}:${what}`) : []
}

function linesWith(text: string, pattern: RegExp): string[] {
  return text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${index + 1}: ${line.trim()}`] : []))
}

/** Written here: neither somebody else's text nor recorded output nor a patch, where blanks at the end have a meaning. */
function isOurs(path: string): boolean {
  return !/(^LICENSE$|^package-lock\.json$|\.(expected|patch|diff|txt|trace|svg)$)/.test(path)
}
