/** Paragraphs broken at blanks; later lines are indented. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = []
  let line = /^ */.exec(text)![0]
  let isEmpty = true
  for (const word of text.trimStart().split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line)
      line = indent + word
    } else line += isEmpty ? word : ` ${word}`
    isEmpty = false
  }
  return [...lines, line]
}

/** `name      text`, with the text in a column of its own. */
export function labelled(label: string, text: string, column: number, width: number): string[] {
  const [first, ...rest] = wrap(text, width - column)
  return [label.padEnd(column) + first, ...rest.map((line) => ' '.repeat(column) + line)]
}

/** `a`, `a and b`, `a, b and c`. */
export function enumerated(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
