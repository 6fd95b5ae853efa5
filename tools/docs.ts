/** `npm run docs`: puts what the commands print now into the documentation. Look at the diff. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { documents, inWorkspace, rewritten, root } from '../test/docs.ts'
import { kernelMap } from './kernel-map.ts'

writeFileSync(join(root, 'docs/kernel-map.md'), kernelMap(root))

for (const document of documents()) {
  const file = join(root, document)
  const before = readFileSync(file, 'utf8')
  const after = inWorkspace(before, (cwd) => rewritten(before, cwd))
  if (after !== before) {
    writeFileSync(file, after)
    console.log(`${document}: changed`)
  }
}
