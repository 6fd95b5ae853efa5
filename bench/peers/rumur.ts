/** Rumur: Murphi to C, breadth first. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { numberIn, runTool, type Peer, type PeerCounts } from './peer.ts'

export interface RumurOptions {
  /** Of the C compiler: `-O0` compiles fast, `-O3` runs fast. */
  readonly optimise: readonly string[]
}

const errorsMax = 1_000_000

export function buildRumur(folder: string, model: string, options: RumurOptions): Peer {
  writeFileSync(join(folder, 'model.m'), model)
  const search = ['--deadlock-detection', 'stuck', '--value-type', 'int32_t', '--threads', '1']
  const output = ['--max-errors', String(errorsMax), '--counterexample-trace', 'off', '--output', 'model.c']
  runTool('rumur', [...search, ...output, 'model.m'], folder)
  runTool('gcc', ['-w', ...options.optimise, '-mcx16', '-o', 'model', 'model.c', '-lpthread'], folder)
  return { file: join(folder, 'model'), arguments: [], countsIn }
}

/** Without errors it says so; with some it counts them. */
function countsIn(output: string): PeerCounts {
  const [, states, transitions] = /([\d,]+) states, ([\d,]+) rules fired in/.exec(output) ?? []
  if (states === undefined) throw new Error(`Rumur has not searched everything\n${output.slice(-2000)}`)
  const isGood = /No error found/.test(output)
  return {
    states: Number(states.replaceAll(',', '')),
    transitions: Number(transitions.replaceAll(',', '')),
    errors: isGood ? 0 : numberIn(output, /(\d+) error\(s\) found/),
  }
}
