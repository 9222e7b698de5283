/** ESM tests run the same compiler as the build, transpile only: types are checked by `npm run typecheck`. */
const shared = {
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'json'],
  moduleNameMapper: {
    '^nestjs-advanced-scheduler$': '<rootDir>/libs/scheduler/src/index.ts',
    '^nestjs-advanced-scheduler/testing$': '<rootDir>/libs/scheduler/src/testing/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, tsconfig: '<rootDir>/tsconfig.json' }] },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/libs/[^/]+/dist'],
  testEnvironment: 'node',
};

/** Fast suites first: unit and contract before anything that starts a process. */
export default {
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/libs/**/*.spec.ts', '<rootDir>/src/**/*.spec.ts', '<rootDir>/test/{contract,model,architecture}/**/*.spec.ts'] },
    { ...shared, displayName: 'e2e', testMatch: ['<rootDir>/test/{e2e,cluster}/**/*.spec.ts'], testTimeout: 120_000 },
  ],
};
