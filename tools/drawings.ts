/** Draws the life cycles that docs/lifecycle.md shows; `npm run docs` does this too. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../test/docs.ts'

for (const kernel of ['6.14', '7.3']) {
  const program = join(root, 'dist/src/cli/main.js')
  const { status, stdout } = spawnSync(
    process.execPath,
    [program, 'lifecycle', '--kernel', kernel, '--format', 'svg'],
    {
      encoding: 'utf8',
    },
  )
  if (status !== 0) throw new Error(`no drawing of ${kernel}`)
  writeFileSync(join(root, `docs/lifecycle-${kernel}.svg`), stdout)
}
