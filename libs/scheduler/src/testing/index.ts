/** @module nestjs-advanced-scheduler/testing */
export { ManualClock } from './manual-clock.js';
export { SchedulerTestingModule, getTestKitToken, type SchedulerTestingOptions } from './scheduler-testing.module.js';
export { SchedulerTestKit } from './scheduler-test-kit.js';
export type { HandlerRunOptions } from './run-handler.js';
export type { ExpectedExecution } from './match-execution.js';
