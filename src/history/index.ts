/** What a change or a bug of one's own needs: `lastref/history`. */
export { bug } from './bug.ts'
export { change } from './change.ts'
export * from './removed.ts'
