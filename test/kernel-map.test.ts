import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { kernelMap } from '../tools/kernel-map.ts'
import { root } from './docs.ts'

const map = kernelMap(root)

test('docs/kernel-map.md is what `npm run docs` writes now', () => {
  expect(readFileSync(join(root, 'docs/kernel-map.md'), 'utf8')).toBe(map)
})

test('an older release is found where its text is', () => {
  expect(map).toContain('| `vmf_insert_mixed_mkwrite()`: `src/history/38607c62b34b.ts: vmf_insert_mixed_mkwrite` |')
  expect(map).toContain('| `gup_put_folio()`: `src/kernel/mm/gup.ts: gup_put_folio` |')
})

test('what is left out of a file and of a function is said', () => {
  expect(map).toMatch(/`src\/kernel\/mm\/gup\.ts`\. Left out: secretmem/)
  expect(map).toMatch(/- `dax_fault_check_fallback\(\)`: Left out: alignment/)
})
