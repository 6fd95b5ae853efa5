/** `npm run docs`: puts what the commands print now into the documentation. Look at the diff. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { documents, rewritten, root } from '../test/docs.ts'

for (const document of documents()) {
  const file = join(root, document)
  const before = readFileSync(file, 'utf8')
  const cwd = mkdtempSync(join(tmpdir(), 'lastref-'))
  const after = rewritten(before, cwd)
  rmSync(cwd, { recursive: true })
  if (after !== before) {
    writeFileSync(file, after)
    console.log(`${document}: changed`)
  }
}
