import { defineConfig } from 'vitest/config'
import { optimiseLaterFlag } from './src/cli/optimise-later.ts'

// Set by .ci/run: where to leave the counts of passed, failed and skipped tests.
const reportFile = process.env.LASTREF_TEST_REPORT

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    execArgv: [optimiseLaterFlag],
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: reportFile ? ['default', ['json', { outputFile: reportFile }]] : ['default'],
  },
})
