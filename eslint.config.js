import js from '@eslint/js'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

const kernelRooms = [
  'src/dialect/**/*.ts',
  'src/kernel/**/*.ts',
  'src/history/**/*.ts',
  'src/scenarios/**/*.ts',
  'src/bugs/**/*.ts',
]

export default defineConfig(
  globalIgnores(['dist', 'coverage', '.lastref-cache']),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      eqeqeq: 'error',
      'no-undef': 'off', // tsc knows better
      'no-constant-condition': 'off', // `while (true)` is how a kernel retries
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: kernelRooms,
    rules: {
      camelcase: ['error', { properties: 'never', ignoreImports: true }], // snake_case is for the kernel's own names
    },
  },
  { files: ['**/*.js'], languageOptions: { globals: { URL: 'readonly', process: 'readonly', console: 'readonly' } } },
)
