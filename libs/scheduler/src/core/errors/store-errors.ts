import { SchedulerError } from './base.js';

/** There is no room for new work; what runs still finishes, and new work is taken again once there is room. */
export class StoreFullError extends SchedulerError {
  constructor(
    readonly path: string,
    /** Bytes free, and bytes that the work would need. */
    free: number,
    needed: number,
  ) {
    super(
      'STORE_FULL',
      `'${path}': the disk is full (${free} bytes free, ${needed} needed), so that new work is refused`,
      { path, free, needed },
    );
  }
}

/** Another process, or another scheduler of this one, has the file. */
export class StoreInUseError extends SchedulerError {
  constructor(
    readonly path: string,
    /** Who, as far as it is known. */
    readonly owner: { pid: number; host: string; since: string } | null,
  ) {
    const who = owner ? `process ${owner.pid} on ${owner.host}, since ${owner.since}` : 'another process';
    super('STORE_IN_USE', `'${path}' is in use by ${who}; a file has one process at a time`, { path, owner });
  }
}

/** What is on disk is not what was written. Nothing has been changed. */
export class StoreDamagedError extends SchedulerError {
  constructor(
    readonly path: string,
    /** What is damaged. */
    readonly damage: string,
  ) {
    super('STORE_DAMAGED', `'${path}' is damaged: ${damage}; it was left as it is, restore it from a copy`, {
      path,
      damage,
    });
  }
}

/** The file was written by a newer release. */
export class StoreVersionError extends SchedulerError {
  constructor(
    readonly path: string,
    found: number,
    known: number,
  ) {
    super(
      'STORE_VERSION',
      `'${path}' has schema version ${found}; this release knows versions up to ${known}, so it takes a newer release`,
      { path, found, known },
    );
  }
}

/** The store cannot be opened, is not open, or its disk has failed. */
export class StoreUnavailableError extends SchedulerError {
  constructor(
    readonly path: string,
    why: string,
  ) {
    super('STORE_UNAVAILABLE', `'${path}': ${why}`, { path });
  }
}

/** This Node has no SQLite, and the package that brings it is not installed. */
export class StoreDriverMissingError extends SchedulerError {
  constructor(
    readonly driver: string,
    why: string,
  ) {
    super(
      'STORE_DRIVER_MISSING',
      `store 'embedded' needs Node 22.13 or later, or the package ${driver}: npm install ${driver} (${why})`,
      { driver },
    );
  }
}
