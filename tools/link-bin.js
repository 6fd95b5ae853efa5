// Puts this package's own command where npm puts those of its dependencies, so that `npx lastref`
// works in a checkout, without the network. npm does this for dependencies only.
// A small file instead of a link: it stays executable when dist is built anew.
import { mkdirSync, writeFileSync } from 'node:fs'

const bin = new URL('../node_modules/.bin/', import.meta.url)
mkdirSync(bin, { recursive: true })
writeFileSync(new URL('lastref', bin), "#!/usr/bin/env node\nimport('../../dist/src/cli/main.js')\n", { mode: 0o755 })
