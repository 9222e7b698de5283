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

/** The store takes no writes: a replica, or a server that cannot keep what it is given. */
export class StoreReadonlyError extends SchedulerError {
  constructor(readonly reason: string) {
    super('STORE_READONLY', `the store takes no writes: ${reason}`, { reason });
  }
}

/** The store reads its data from disk and answers when that is done. */
export class StoreLoadingError extends SchedulerError {
  constructor(readonly reason: string) {
    super('STORE_LOADING', `the store is still loading its data: ${reason}`, { reason });
  }
}

/** The store was asked, and no answer came: what was asked may have happened or not. */
export class OutcomeUnknownError extends SchedulerError {
  constructor(
    readonly operation: string,
    readonly reason: string,
  ) {
    super('OUTCOME_UNKNOWN', `${operation}: no answer from the store, so it may have happened or not: ${reason}`, {
      operation,
      reason,
    });
  }
}

/** The store does not let us in, or forbids what we need. */
export class StoreAccessError extends SchedulerError {
  constructor(
    readonly reason: string,
    /** Commands, keys or channels that are not allowed, where the store could tell. */
    readonly missing: readonly string[] = [],
  ) {
    super('STORE_ACCESS_DENIED', `the store denies access: ${reason}`, { reason, missing });
  }
}

/** The certificate of the store is not trusted. */
export class StoreTlsError extends SchedulerError {
  constructor(readonly reason: string) {
    super('TLS_VERIFY_FAILED', `the certificate of the store is not trusted: ${reason}; give its authority as tls.ca`, {
      reason,
    });
  }
}

/** The store speaks TLS and was asked without it, or the other way round. */
export class StoreTlsMismatchError extends SchedulerError {
  /** @param speaksTls what the server does */
  constructor(host: string, port: number, speaksTls: boolean) {
    super(
      'TLS_MISMATCH',
      speaksTls
        ? `the store at ${host}:${port} speaks TLS only; use a rediss:// URL or the option tls`
        : `the store at ${host}:${port} speaks no TLS; use a redis:// URL without the option tls`,
      { host, port, speaksTls },
    );
  }
}

/** The store is of a version that this release cannot work with: a server too old, a file too new. */
export class StoreVersionError extends SchedulerError {
  constructor(
    readonly found: string,
    readonly needed: string,
  ) {
    super('STORE_VERSION', `the store is ${found}; needed: ${needed}`, { found, needed });
  }
}

/** The server is set up so that it would lose what it is given. */
export class StorePolicyError extends SchedulerError {
  constructor(
    readonly found: string,
    readonly needed: string,
  ) {
    super('STORE_POLICY', `the store would lose executions: ${found}; needed: ${needed}`, { found, needed });
  }
}

/** A script of ours failed: a bug, or data that something else has written. */
export class StoreScriptError extends SchedulerError {
  constructor(
    readonly script: string,
    readonly reason: string,
  ) {
    super('STORE_SCRIPT_FAILED', `the script '${script}' failed in the store: ${reason}`, { script, reason });
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
