/** The function that makes a state canonical (../canonical.ts), in WebAssembly. */
import type { StateLayout } from '../../../model/layout.ts'
import type { TransitionSystem } from '../../../model/system.ts'
import { canonicalCode } from '../canonical.ts'
import type { Instruction } from '../words.ts'
import { Values } from './actions.ts'
import * as wasm from './assembler.ts'
import type { Callee, Code, Local, ModuleBuilder } from './assembler.ts'

/** Takes the address of the words of a state. Null when every state is canonical. */
export function defineCanonical(module: ModuleBuilder, system: TransitionSystem, layout: StateLayout): Callee | null {
  if (system.symmetries.length === 0) return null
  const { locals, body } = canonicalCode(system, layout)
  const callee = module.declare([wasm.i32], null)
  module.define(callee, (f) => {
    const [at] = f.parameters
    const words = f.locals(layout.words)
    const named = f.locals(locals.length)
    return [
      words.map((w, i) => wasm.set(w, wasm.load(wasm.get(at), 4 * i))),
      blockCode(body, words, named),
      words.map((w, i) => wasm.store(wasm.get(at), wasm.get(w), 4 * i)),
    ]
  })
  return callee
}

function blockCode(body: readonly Instruction[], words: readonly Local[], locals: readonly Local[]): Code {
  const values = new Values(words, locals)
  return body.map((i): Code => {
    switch (i.kind) {
      case 'word':
        return wasm.set(words[i.word], values.value(i.value))
      case 'local':
        return wasm.set(locals[i.local], values.value(i.value))
      case 'if':
        return wasm.when(
          values.condition(i.condition),
          blockCode(i.then, words, locals),
          blockCode(i.otherwise, words, locals),
        )
      case 'cover':
      case 'end':
        throw new Error('making a state canonical neither covers nor ends anything')
    }
  })
}
