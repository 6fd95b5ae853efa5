#!/usr/bin/env node
import { createRequire } from 'node:module'
import { Command } from 'commander'

const { version, description } = createRequire(import.meta.url)('lastref/package.json') as {
  version: string
  description: string
}

const program = new Command('lastref').description(description).version(version)

await program.parseAsync()
