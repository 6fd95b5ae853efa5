/** All that kernel code, scenarios and models of one's own may call. */
export * from './atomic.ts'
export * from './fields.ts'
export * from './words.ts'
export * from './locks.ts'
export * from './scenario.ts'
export * from './projection.ts'
