/** DI token of the scheduler's name. */
export const SCHEDULER_NAME = Symbol.for('nestjs-advanced-scheduler:name');
/** DI token of the EventEmitter2 that events go to: the app's own where it has one. */
export const SCHEDULER_EMITTER = Symbol.for('nestjs-advanced-scheduler:emitter');
