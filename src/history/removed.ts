/** Functions that the newest source has no more, each in the form in which its commit removed it. */
export * from './fd2825b0760a.ts'
export * from './38607c62b34b.ts'
export * from './cbe298d82cf7.ts'
export * from './27674ef6c73f.ts'
export * from './d5b3afea22a5.ts'
export * from './cee91fa13a8e.ts'
export * from './52650c8b466b.ts'
