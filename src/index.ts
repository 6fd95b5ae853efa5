/** The programmatic interface: what `import ... from 'lastref'` gives. */
export {}
