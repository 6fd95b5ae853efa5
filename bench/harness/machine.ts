/** On what the figures were measured, and with which tools. */
import { execFileSync, spawnSync } from 'node:child_process'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryBytes: number
  readonly kernel: string
  readonly versions: readonly string[]
  readonly commit: string
  readonly day: string
  /** Average over one minute, before the first run. */
  readonly load: number
}

export function thisMachine(root: string): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown processor',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: release(),
    versions: [
      `Node ${process.versions.node}`,
      firstLine('gcc', '--version').replace(/^gcc \(.*?\)/, 'gcc'),
      firstLine('spin', '-V').replace(/ --.*/, ''),
      firstLine('rumur', '--version'),
    ],
    commit: commitOf(root),
    day: new Date().toISOString().slice(0, 10),
    load: loadavg()[0],
  }
}

const firstLine = (tool: string, option: string): string =>
  spawnSync(tool, [option], { encoding: 'utf8' }).stdout.trim().split('\n')[0]

function commitOf(cwd: string): string {
  const git = (...given: string[]) => spawnSync('git', given, { cwd, encoding: 'utf8' }).stdout?.trim() ?? ''
  return `${git('rev-parse', '--short', 'HEAD') || 'of no repository'}${git('status', '--porcelain') ? ' with changes' : ''}`
}

/** Debian packages of the same names. As root they are installed; else the error says how. */
export function ensureTools(tools: readonly string[], say: (text: string) => void): void {
  const absent = tools.filter((tool) => spawnSync('which', [tool]).status !== 0)
  if (absent.length === 0) return
  const command = `apt-get install -y --no-install-recommends ${absent.join(' ')}`
  if (process.getuid?.() !== 0) throw new Error(`${absent.join(', ')} not installed: sudo ${command}`)
  say(`installing ${absent.join(', ')}`)
  execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit' })
  execFileSync('sh', ['-c', `DEBIAN_FRONTEND=noninteractive ${command}`], { stdio: 'inherit' })
}
