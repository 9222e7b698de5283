export type { ConsoleAuth, ConsoleToken, SchedulerConsoleAsyncOptions, SchedulerConsoleOptions } from './options.js';
export { CONSOLE_ROLES, type ConsoleRole, type Principal } from './auth/principal.js';
