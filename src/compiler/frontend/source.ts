/** `lastref source`: the text of a function that a kernel runs, and who changed it later. */
import ts from './typescript.ts'
import { bugOf, functionsOf, historyOf, laterChanges, patchOf, type ResolvedKernel } from './kernels.ts'
import type { Loaded } from './program.ts'

export interface SourceListing {
  readonly file: string
  readonly line: number
  readonly text: string
  /** The change whose text this is, or null for the newest source. `undone`: the function as it was before that commit. */
  readonly change: { readonly commit: string; readonly title: string; readonly undone: boolean } | null
  /** Commits that changed this function later than this kernel, newest first. */
  readonly later: readonly { readonly commit: string; readonly title: string; readonly since: string | null }[]
}

export function sourceListing(loaded: Loaded, name: string, kernel: ResolvedKernel): SourceListing | null {
  const override = kernel.overrides.get(name)
  const declared = functionsOf(loaded).get(name)
  const node: ts.Node | undefined =
    override?.node ?? (declared !== undefined && ts.isVariableDeclaration(declared) ? declared.parent.parent : declared)
  if (node === undefined) return null
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
    change: override === undefined ? null : originOf(loaded, override.change),
    later: laterChanges(loaded, name, kernel.name).map(({ commit, title, since }) => ({ commit, title, since })),
  }
}

function originOf(loaded: Loaded, name: string): SourceListing['change'] {
  const history = historyOf(loaded)
  const undone = history.changes.find((c) => c.commit === name)
  if (undone !== undefined) return { commit: undone.commit, title: undone.title, undone: true }
  const bug = bugOf(loaded, name)
  if (bug !== null) return { commit: name, title: bug.info.title, undone: false }
  const { commit, title } = patchOf(loaded, history, name)
  return { commit, title, undone: false }
}
