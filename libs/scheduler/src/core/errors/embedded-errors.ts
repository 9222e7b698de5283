import { SchedulerError } from './base.js';

/** Another process, or another scheduler of this one, has the file. */
export class StoreInUseError extends SchedulerError {
  constructor(
    readonly path: string,
    /** Who, as far as it is known. */
    readonly owner: { pid: number; host: string; since: string } | null,
  ) {
    const who = owner ? `process ${owner.pid} on ${owner.host}, since ${owner.since}` : 'another process';
    super('STORE_IN_USE', `'${path}' is in use by ${who}; one process at a time can have it`, { path, owner });
  }
}

/** What is on the disk is not what was written. Nothing has been changed. */
export class StoreDamagedError extends SchedulerError {
  constructor(
    readonly path: string,
    /** What is damaged. */
    readonly damage: string,
  ) {
    super('STORE_DAMAGED', `'${path}' is damaged: ${damage}; it was left as it is: restore it from a copy`, {
      path,
      damage,
    });
  }
}
