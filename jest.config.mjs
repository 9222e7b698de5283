import { availableParallelism } from 'node:os';

/** ESM tests run the same compiler as the build, transpile only: types are checked by `npm run typecheck`. */
const shared = {
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'json'],
  moduleNameMapper: {
    // `IOREDIS=ioredis-5`: the client of another major version, installed under that name.
    ...(process.env['IOREDIS'] && { '^ioredis$': process.env['IOREDIS'] }),
    '^nestjs-advanced-scheduler$': '<rootDir>/libs/scheduler/src/index.ts',
    '^nestjs-advanced-scheduler/testing$': '<rootDir>/libs/scheduler/src/testing/index.ts',
    '^nestjs-advanced-scheduler-console$': '<rootDir>/libs/scheduler-console/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, tsconfig: '<rootDir>/tsconfig.json' }] },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/libs/[^/]+/dist'],
  testEnvironment: '<rootDir>/scripts/jest/environment.mjs',
};

/**
 * The folder decides the project; a new one below `test` is of `e2e`. The order is that in which they run, but for the long
 * suites. Timeouts are for a busy machine; none of them is a wait.
 */
const PROJECTS = [
  { name: 'unit', folders: ['libs', 'src', 'test/architecture'], timeout: 60_000 },
  { name: 'packaging', folders: ['test/packaging'], timeout: 240_000, packed: true },
  { name: 'model', folders: ['test/model', 'test/simulation'], timeout: 60_000 },
  { name: 'e2e', folders: ['test/!(architecture|packaging|model|simulation|redis|contract)'], timeout: 120_000 },
  { name: 'redis', folders: ['test/redis'], timeout: 60_000 },
  { name: 'contract', folders: ['test/contract'], timeout: 60_000 },
];
export const PROJECT_ORDER = PROJECTS.map(({ name }) => name);

/** Suites of more than half a minute, the longest first: see scripts/jest/project-order.mjs. */
export const LONG_SUITES = [
  'test/campaigns/planted.spec.ts',
  'test/model/redis.model.spec.ts',
  'test/contract/redis.contract.spec.ts',
  'test/packaging/packed-console.spec.ts',
  'test/contract/embedded.contract.spec.ts',
  'test/simulation/memory.spec.ts',
  'test/packaging/bundled-app.spec.ts',
  'test/packaging/tests-of-users.spec.ts',
  'test/e2e/held-slots.spec.ts',
  'test/e2e/many-schedules.spec.ts',
  'test/packaging/packed-library.spec.ts',
  'test/model/embedded.model.spec.ts',
  'test/e2e/workflow-traces.spec.ts',
  'test/cluster/beat-thread.spec.ts',
  'test/cluster/share.spec.ts',
  'test/cluster/lock.spec.ts',
  'test/packaging/packed-tenants.spec.ts',
  'test/e2e/embedded-kill.spec.ts',
];

/** One more than the processors, since suites mostly wait; and few enough for 8 GB of memory. */
const maxWorkers = Math.min(availableParallelism() + 1, 4);

export default {
  projects: PROJECTS.map(({ name, folders, timeout, packed }) => ({
    ...shared,
    displayName: name,
    testMatch: folders.map((folder) => `<rootDir>/${folder}/**/*.spec.ts`),
    testEnvironmentOptions: { timeout },
    ...(packed && {
      globalSetup: '<rootDir>/scripts/jest/pack-library.mjs',
      globalTeardown: '<rootDir>/scripts/jest/remove-packed.mjs',
    }),
  })),
  maxWorkers,
  testSequencer: '<rootDir>/scripts/jest/project-order.mjs',
  // A worker that has grown is replaced: modules of ended suites are never given back, and collecting them takes minutes.
  workerIdleMemoryLimit: '1GB',
  reporters: ['default', '<rootDir>/scripts/jest/progress-reporter.mjs'],
};
