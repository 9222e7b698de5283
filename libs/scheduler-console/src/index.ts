/** @module nestjs-advanced-scheduler-console */
export { SchedulerConsoleModule } from './console.module.js';
export type { ConsoleAuth, ConsoleToken, SchedulerConsoleAsyncOptions, SchedulerConsoleOptions } from './options.js';
export { CONSOLE_ROLES, type ConsoleRole, type Principal } from './auth/principal.js';
export { ConsoleError, ConsoleExposedError, InvalidConsoleOptionError } from './console-error.js';
export type { AuditEntry } from './security/audit-log.js';
export type { Problem } from './rest/problem.js';
