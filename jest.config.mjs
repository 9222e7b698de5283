import { availableParallelism } from 'node:os';

/** The client of another major version, installed under that name: `IOREDIS=ioredis-5` runs all suites with it. */
const withClient = (name) => (name ? { '^ioredis$': name } : {});

/** ESM tests run the same compiler as the build, transpile only: types are checked by `npm run check`. */
const shared = {
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'json'],
  moduleNameMapper: {
    ...withClient(process.env['IOREDIS']),
    '^nestjs-advanced-scheduler$': '<rootDir>/libs/scheduler/src/index.ts',
    '^nestjs-advanced-scheduler/testing$': '<rootDir>/libs/scheduler/src/testing/index.ts',
    '^nestjs-advanced-scheduler-console$': '<rootDir>/libs/scheduler-console/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: { '^.+\\.ts$': '<rootDir>/scripts/jest/typescript.mjs' },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/libs/[^/]+/dist'],
  testEnvironment: '<rootDir>/scripts/jest/environment.mjs',
  // Not among temporary files, which are gone after a run.
  cacheDirectory: '<rootDir>/node_modules/.cache/jest',
};

/**
 * The folder decides the project; a new one below `test` is of `e2e`. The order is that in which they run, but for the long
 * suites. Timeouts are for a busy machine; none of them is a wait.
 */
const PROJECTS = [
  { name: 'unit', folders: ['libs', 'src', 'test/architecture'], timeout: 60_000 },
  { name: 'packaging', folders: ['test/packaging'], timeout: 280_000, packed: true },
  { name: 'model', folders: ['test/model', 'test/simulation'], timeout: 60_000 },
  { name: 'e2e', folders: ['test/!(architecture|packaging|model|simulation|redis|contract)'], timeout: 120_000 },
  { name: 'redis', folders: ['test/redis'], timeout: 60_000 },
  { name: 'contract', folders: ['test/contract'], timeout: 60_000 },
  // Connections, failovers and clusters once more, with the other major version of ioredis.
  {
    name: 'ioredis-5',
    folders: ['test/redis', 'libs/scheduler/src/store/redis/connection'],
    suites:
      '{broken-connections,busy-servers,calls,close-connection,lost-*,refused-writes,subscriptions,failover,tls,open-client}',
    timeout: 60_000,
    client: 'ioredis-5',
  },
];
export const PROJECT_ORDER = PROJECTS.map(({ name }) => name);

/** Suites of more than half a minute, the longest first: see scripts/jest/project-order.mjs. */
export const LONG_SUITES = [
  'test/packaging/bundled-app.spec.ts',
  'test/contract/redis.contract.spec.ts',
  'test/campaigns/planted.spec.ts',
  'test/e2e/held-slots.spec.ts',
  'test/packaging/tests-of-users.spec.ts',
  'test/contract/redis-scripts.contract.spec.ts',
  'test/e2e/many-schedules.spec.ts',
  'test/readme/readme.spec.ts',
  'test/model/redis-and-memory.spec.ts',
  'test/e2e/workflow-traces.spec.ts',
  'test/cluster/kill.spec.ts',
  'test/redis/clock-step-forward.spec.ts',
  'test/redis/failover.spec.ts',
  'test/e2e/embedded-kill.spec.ts',
  'test/campaigns/embedded.spec.ts',
  'test/packaging/packed-console.spec.ts',
  'test/cluster/renewal-thread.spec.ts',
  'test/model/redis.model.spec.ts',
  'test/e2e/redis-app.spec.ts',
  'test/cluster/share.spec.ts',
  'test/campaigns/cluster-crash.spec.ts',
];

/** Two more than the processors, since suites mostly wait; and few enough for 8 GB of memory. */
const maxWorkers = Math.min(availableParallelism() + 2, 4);

export default {
  projects: PROJECTS.map(({ name, folders, suites = '*', timeout, packed, client }) => ({
    ...shared,
    displayName: name,
    testMatch: folders.map((folder) => `<rootDir>/${folder}/**/${suites}.spec.ts`),
    testEnvironmentOptions: { timeout },
    ...(client && { moduleNameMapper: { ...withClient(client), ...shared.moduleNameMapper } }),
    ...(packed && {
      globalSetup: '<rootDir>/scripts/jest/pack-libraries.mjs',
      globalTeardown: '<rootDir>/scripts/jest/remove-packed.mjs',
    }),
  })),
  maxWorkers,
  // With --coverage. The threshold is of the project `unit` alone: most of the stores is covered by the other projects.
  coverageProvider: 'v8',
  collectCoverageFrom: ['libs/*/src/**/*.ts'],
  coverageReporters: ['text-summary', 'lcov'],
  coverageThreshold: { global: { statements: 70, branches: 80, functions: 66, lines: 70 } },
  testSequencer: '<rootDir>/scripts/jest/project-order.mjs',
  // A worker that has grown is replaced: modules of ended suites are never given back, and each collection of garbage goes
  // through them: in a heap of 500 MB it takes four times as long. A new worker costs a second.
  workerIdleMemoryLimit: '300MB',
  reporters: ['default', '<rootDir>/scripts/jest/progress-reporter.mjs'],
};
