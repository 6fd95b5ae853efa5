/** `lastref source`: the text of a function that a kernel runs, and who changed it later. */
import ts from 'typescript'
import { functionsOf, historyOf, laterChanges, type ResolvedKernel } from './kernels.ts'
import type { Loaded } from './program.ts'

export interface SourceListing {
  readonly file: string
  readonly line: number
  readonly text: string
  /** The change whose text this is (the function as it was before that commit), or null for the newest source. */
  readonly change: { readonly commit: string; readonly title: string } | null
  /** Commits that changed this function later than this kernel, newest first. */
  readonly later: readonly { readonly commit: string; readonly title: string; readonly since: string | null }[]
}

export function sourceListing(loaded: Loaded, name: string, kernel: ResolvedKernel): SourceListing | null {
  const override = kernel.overrides.get(name)
  const declared = functionsOf(loaded).get(name)
  const node: ts.Node | undefined = override?.node ?? (declared !== undefined && ts.isVariableDeclaration(declared) ? declared.parent.parent : declared)
  if (node === undefined) return null
  const { changes, patches } = historyOf(loaded)
  const change = override === undefined ? null : (changes.find((c) => c.commit === override.change) ?? patches.get(override.change) ?? null)
  const file = node.getSourceFile()
  const start = ts.getLeadingCommentRanges(file.getFullText(), node.getFullStart())?.at(-1)?.pos ?? node.getStart()
  const indent = file.getFullText().slice(0, node.getStart()).split('\n').at(-1) ?? ''
  return {
    file: loaded.fileName(file.fileName),
    line: file.getLineAndCharacterOfPosition(node.getStart()).line + 1,
    text: file
      .getFullText()
      .slice(start, node.getEnd())
      .split('\n')
      .map((l) => (l.startsWith(indent) ? l.slice(indent.length) : l))
      .join('\n'),
    change: change === null ? null : { commit: change.commit, title: change.title },
    later: laterChanges(loaded, name, kernel.name).map(({ commit, title, since }) => ({ commit, title, since })),
  }
}
