import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

const FROM_CLOCK = 'Take the time from the Clock.';
const fromClock = (name) => ({ name, message: FROM_CLOCK });
const FROM_MODULE =
  'Fake timers of a test framework replace it: import setImmediate from node:timers, or use a promise.';
const fromModule = (name) => ({ name, message: FROM_MODULE });
/** What does not compile to Lua, or not to the same behaviour, is refused in the engine. */
const NOT_IN_ENGINE = [
  ['ClassDeclaration, ClassExpression', 'no classes: records are plain data'],
  ['NewExpression', 'no objects with methods: no Map, Set, Date or Error'],
  ['AwaitExpression, YieldExpression, :function[async=true], :function[generator=true]', 'a transition is synchronous'],
  ['ForInStatement', 'the order of a table is not defined in Lua'],
  ['TryStatement, ThrowStatement', 'no exceptions'],
  ['SpreadElement, RestElement', 'no spread: the length of a call is bounded in Lua'],
  ['ObjectPattern, ArrayPattern', 'no destructuring: it compiles to unreadable Lua'],
  ['Literal[regex]', 'no regular expressions'],
  ['Literal[raw="null"]', 'absent values are undefined'],
  ['BinaryExpression[operator="%"]', 'the remainder of negative numbers differs in Lua'],
].map(([selector, why]) => ({ selector, message: `Not in the engine: ${why}.` }));
const DATE_OF_NOW = { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: FROM_CLOCK };

export default tseslint.config(
  {
    ignores: [
      'dist/**',
      'libs/*/dist/**',
      'libs/*/ui-dist/**',
      'node_modules/**',
      'coverage/**',
      'docs/.vitepress/{cache,dist}/**',
      '**/*.mjs',
      '**/*.cjs',
    ],
  },
  eslint.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // Async methods of the store port run synchronously in memory: their promise is the contract, not the await.
      '@typescript-eslint/require-await': 'off',
      // A task payload is whatever JSON the user sends: narrowing it is the handler's work.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  {
    files: ['libs/**/*.ts', 'test/**/*.ts'],
    rules: {
      // Any payload and any result: `unknown` would refuse a TaskRef with types, since a handler takes what it gives.
      '@typescript-eslint/no-explicit-any': 'off',
    },
  },
  {
    files: ['**/*.spec.ts', 'test/**/*.ts'],
    rules: {
      // Bodies of HTTP replies and packed JSON are `any` by their libraries' types.
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // Handlers of users throw anything, so that tests do.
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
    },
  },
  // Time comes from the Clock, never from the machine, so that every test can turn it.
  {
    files: ['libs/scheduler/src/**/*.ts'],
    ignores: ['libs/scheduler/src/core/clock.ts', 'libs/scheduler/src/testing/**', '**/*.spec.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'performance'].map(fromClock),
        ...['setImmediate', 'queueMicrotask'].map(fromModule),
      ],
      'no-restricted-properties': ['error', { object: 'Date', property: 'now', message: FROM_CLOCK }],
      'no-restricted-syntax': ['error', DATE_OF_NOW],
    },
  },
  {
    files: ['libs/scheduler/src/engine/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: { 'no-restricted-syntax': ['error', ...NOT_IN_ENGINE] },
  },
  // A transition on maps is atomic because nothing in it waits.
  {
    files: ['libs/scheduler/src/store/maps/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        DATE_OF_NOW,
        { selector: 'AwaitExpression', message: 'A transition is synchronous: no await in these stores.' },
      ],
    },
  },
);
