import { SchedulerError } from './base.js';

/** The store cannot be reached, or refuses work for now. What was asked did not happen. */
export class StoreUnavailableError extends SchedulerError {
  constructor(readonly reason: string) {
    super('STORE_UNAVAILABLE', `the store is not available: ${reason}`, { reason });
  }
}

/** The store has no room for new work; runs under way can still end. */
export class StoreFullError extends SchedulerError {
  constructor(readonly reason: string) {
    super('STORE_FULL', `the store is full and takes no new work: ${reason}`, { reason });
  }
}

/** The store is of another version than this release can work with. */
export class StoreVersionError extends SchedulerError {
  constructor(
    readonly found: string,
    readonly needed: string,
  ) {
    super('STORE_VERSION', `the store is ${found}; needed: ${needed}`, { found, needed });
  }
}

/** An optional package that this store needs is not installed. */
export class MissingDependencyError extends SchedulerError {
  constructor(
    readonly packageName: string,
    readonly neededBy: string,
  ) {
    super('MISSING_DEPENDENCY', `${neededBy} needs the package '${packageName}': npm install ${packageName}`, {
      packageName,
      neededBy,
    });
  }
}
