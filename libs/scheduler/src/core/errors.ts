/** Every error of the library: a class with a stable `code`, grouped by subject. */
export * from './errors/base.js';
export * from './errors/definition-errors.js';
export * from './errors/graph-errors.js';
export * from './errors/payload-errors.js';
export * from './errors/cron-errors.js';
export * from './errors/execution-errors.js';
export * from './errors/handler-errors.js';
export * from './errors/store-errors.js';
export * from './errors/embedded-errors.js';
