import { SchedulerError } from './base.js';

/** Another process, or another scheduler of this one, has the file open. */
export class StoreInUseError extends SchedulerError {
  constructor(
    readonly path: string,
    /** The owner, if known. */
    readonly owner: { pid: number; host: string; since: string } | null,
  ) {
    const who = owner ? `process ${owner.pid} on ${owner.host}, since ${owner.since}` : 'another process';
    super('STORE_IN_USE', `'${path}' is in use by ${who}; only one process can open it`, { path, owner });
  }
}

/** The data on disk is not what was written. The file was not changed. */
export class StoreDamagedError extends SchedulerError {
  constructor(
    readonly path: string,
    /** What is damaged. */
    readonly damage: string,
  ) {
    super('STORE_DAMAGED', `'${path}' is damaged: ${damage}; it was not changed: restore it from a backup`, {
      path,
      damage,
    });
  }
}
