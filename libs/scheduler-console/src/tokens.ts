export const CONSOLE_OPTIONS = Symbol('CONSOLE_OPTIONS'); // SchedulerConsoleOptions, with defaults resolved
export const CONSOLE_SCHEDULER = Symbol('CONSOLE_SCHEDULER'); // AdvancedTaskScheduler shown
