/** Spin: Promela to C, depth first. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { numberIn, runTool, type Peer, type PeerCounts } from './peer.ts'

export interface SpinOptions {
  /** Of the C compiler: `-O0` compiles fast, `-O2` runs fast. */
  readonly optimise: readonly string[]
  readonly partialOrder: boolean
  readonly depthMax: number
  /** log2 of the slots of the hash table. */
  readonly tableBits?: number
}

export function buildSpin(folder: string, model: string, options: SpinOptions): Peer {
  writeFileSync(join(folder, 'model.pml'), model)
  runTool('spin', ['-o1', '-o2', '-o3', '-a', 'model.pml'], folder)
  const reduction = options.partialOrder ? [] : ['-DNOREDUCE']
  const defines = ['-DSAFETY', '-DVECTORSZ=4096', '-DMEMLIM=22000', ...reduction]
  runTool('gcc', ['-w', ...options.optimise, '-fwrapv', ...defines, '-o', 'pan', 'pan.c'], folder)
  const table = options.tableBits === undefined ? [] : [`-w${options.tableBits}`]
  return { file: join(folder, 'pan'), arguments: [`-m${options.depthMax}`, ...table, '-c0'], countsIn }
}

/** From 10^8 on it prints seven digits: 1.187392e+08. */
function countsIn(output: string): PeerCounts {
  if (/max search depth too small|Search not completed|out of memory/.test(output))
    throw new Error(`Spin has not searched everything\n${output.slice(-2000)}`)
  return {
    states: numberIn(output, /([\d.]+(?:e\+\d+)?) states, stored/),
    transitions: numberIn(output, /([\d.]+(?:e\+\d+)?) transitions/),
    errors: numberIn(output, /errors: (\d+)/),
    isRounded: /e\+\d+ states, stored/.test(output),
  }
}
