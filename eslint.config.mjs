import js from '@eslint/js';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import { importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** The import boundaries of docs/architecture.md: who may import which folder of src/. */
const MAY_IMPORT = {
  report: [],
  analysis: ['report'],
  code: ['report'],
  editor: ['report', 'code'],
  webview: ['report'],
  cli: ['report', 'analysis'],
};
const FOLDERS = Object.keys(MAY_IMPORT);
const zones = FOLDERS.flatMap((folder) =>
  FOLDERS.filter((other) => other !== folder && !MAY_IMPORT[folder].includes(other)).map((other) => ({
    target: `./src/${folder}`,
    from: `./src/${other}`,
    message: `src/${folder} may not import src/${other} (docs/architecture.md).`,
  })),
);

const only = (group, message) => ({ group, message });
const NO_VSCODE = only(['vscode'], 'Only src/editor and src/extension.ts import vscode.');
const NO_TFJS = only(['@tensorflow/*'], 'Only src/analysis imports tfjs.');
const NO_NODE = only(['node:*', 'fs', 'path', 'os', 'worker_threads'], 'This folder runs without Node.');
const restrict = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });

export default tseslint.config(
  {
    ignores: [
      'dist',
      'node_modules',
      '.cache',
      '.vscode-test',
      'artifacts',
      'coverage',
      'src/analysis/backend/assembly',
      'test/**/fixtures',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: {
        console: 'readonly',
        process: 'readonly',
        Buffer: 'readonly',
        AbortSignal: 'readonly',
        URL: 'readonly',
        URLSearchParams: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        performance: 'readonly',
        require: 'readonly',
        module: 'writable',
        __dirname: 'readonly',
        fetch: 'readonly',
      },
    },
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './src/webview/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/resolver-next': [createTypeScriptImportResolver()],
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { zones }],
    },
  },
  { files: ['src/report/**', 'src/code/**', 'src/webview/**'], rules: restrict(NO_VSCODE, NO_TFJS, NO_NODE) },
  { files: ['src/analysis/**'], rules: restrict(NO_VSCODE, NO_NODE) },
  // The worker entry and the adapters to Node's file system.
  { files: ['src/analysis/worker.ts', 'src/analysis/**/node*.ts'], rules: restrict(NO_VSCODE) },
  { files: ['src/editor/**', 'src/extension.ts'], rules: restrict(NO_TFJS) },
  { files: ['src/cli/**'], rules: restrict(NO_VSCODE, NO_TFJS) },
  { files: ['src/**'], rules: { 'no-console': 'error' } },
  { files: ['src/cli/**'], rules: { 'no-console': 'off' } },
);
