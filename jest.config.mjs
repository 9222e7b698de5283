/** ESM tests run the same compiler as the build, transpile only: types are checked by `npm run typecheck`. */
const shared = {
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'json'],
  moduleNameMapper: {
    '^nestjs-advanced-scheduler$': '<rootDir>/libs/scheduler/src/index.ts',
    '^nestjs-advanced-scheduler/testing$': '<rootDir>/libs/scheduler/src/testing/index.ts',
    '^nestjs-advanced-scheduler-console$': '<rootDir>/libs/scheduler-console/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, tsconfig: '<rootDir>/tsconfig.json' }] },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/libs/[^/]+/dist'],
  testEnvironment: '<rootDir>/scripts/jest/environment.mjs',
};

const projects = [
  {
    displayName: 'unit',
    testMatch: [
      '<rootDir>/libs/**/*.spec.ts',
      '<rootDir>/src/**/*.spec.ts',
      '<rootDir>/test/{contract,model,simulation,architecture}/**/*.spec.ts',
    ],
  },
  {
    displayName: 'redis',
    testMatch: ['<rootDir>/test/redis/**/*.spec.ts'],
    testEnvironmentOptions: { timeout: 60_000 },
  },
  {
    displayName: 'e2e',
    testMatch: ['<rootDir>/test/{campaigns,e2e,cluster,console,readme,soak}/**/*.spec.ts'],
    testEnvironmentOptions: { timeout: 120_000 },
  },
  {
    displayName: 'packaging',
    testMatch: ['<rootDir>/test/packaging/**/*.spec.ts'],
    testEnvironmentOptions: { timeout: 240_000 },
  },
];

/** Fast suites first: unit and contract before anything that starts a process. */
export const PROJECT_ORDER = projects.map(({ displayName }) => displayName);

export default {
  projects: projects.map((project) => ({ ...shared, ...project })),
  testSequencer: '<rootDir>/scripts/jest/project-order.mjs',
  // A worker that has grown is replaced: modules of ended suites are never given back, and collecting them takes minutes.
  workerIdleMemoryLimit: '1GB',
  reporters: ['default', '<rootDir>/scripts/jest/progress-reporter.mjs'],
};
