/**
 * The TypeScript compiler, by `require`: an `import` of it has Node search its nine million characters for exports
 * first, which takes twice as long as loading it.
 */
// eslint-disable-next-line @typescript-eslint/no-require-imports -- see above
import ts = require('typescript')

export default ts
