/** The code of a search in the text format, as far as it comes from the model: one function for each action. */
import wabt from 'wabt'
import { layoutOf } from '../../../model/layout.ts'
import type { Action, TransitionSystem } from '../../../model/system.ts'
import { isPackable, readableModule } from './program.ts'

export async function webAssemblyText(system: TransitionSystem): Promise<string> {
  const layout = layoutOf(system)
  const sources = new Map<string, string>()
  const bytes = readableModule(system, layout, isPackable(layout) ? 'packed' : 'whole', (action, name) =>
    sources.set(name, sourceOf(system, action)),
  )
  const module = (await wabt()).readWasm(bytes, { readDebugNames: true, threads: true })
  module.applyNames()
  const text = module.toText({ foldExprs: true, inlineExport: true })
  module.destroy()
  return withSources(text, sources)
}

function sourceOf({ sites, files }: TransitionSystem, { site }: Action): string {
  const { file, line, text } = sites[site]
  return `${files[file]}:${line}: ${text}`
}

/** The source line above each function of an action. */
function withSources(text: string, sources: ReadonlyMap<string, string>): string {
  return text.replace(/^ *\(func \$(\S+)/gm, (head, name: string) => {
    const source = sources.get(name)
    return source === undefined ? `\n${head}` : `\n  ;; ${source}\n${head}`
  })
}
