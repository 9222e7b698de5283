/** DI token of the scheduler's name. */
export const SCHEDULER_NAME = Symbol.for('nestjs-advanced-scheduler:name');
/** DI token of the EventEmitter2 for events: the app's, if it has one. */
export const SCHEDULER_EMITTER = Symbol.for('nestjs-advanced-scheduler:emitter');
