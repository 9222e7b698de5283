import { SchedulerError } from './base.js';

/** The store is unreachable, or refuses work for now. The call had no effect. */
export class StoreUnavailableError extends SchedulerError {
  constructor(readonly reason: string) {
    super('STORE_UNAVAILABLE', `the store is not available: ${reason}`, { reason });
  }
}

/** The store has no room for new work; active runs can still end. */
export class StoreFullError extends SchedulerError {
  constructor(readonly reason: string) {
    super('STORE_FULL', `the store is full and accepts no new work: ${reason}`, { reason });
  }
}

/** The store accepts no writes: a replica, or a server that cannot persist them. */
export class StoreReadonlyError extends SchedulerError {
  constructor(readonly reason: string) {
    super('STORE_READONLY', `the store accepts no writes: ${reason}`, { reason });
  }
}

/** The store is loading its data from disk. */
export class StoreLoadingError extends SchedulerError {
  constructor(readonly reason: string) {
    super('STORE_LOADING', `the store is still loading its data: ${reason}`, { reason });
  }
}

/** The request was sent and no reply came: it may have had its effect. */
export class OutcomeUnknownError extends SchedulerError {
  constructor(
    readonly operation: string,
    readonly reason: string,
  ) {
    super('OUTCOME_UNKNOWN', `${operation}: no reply from the store, so the call may have had its effect: ${reason}`, {
      operation,
      reason,
    });
  }
}

/** The store denies access, or a right that is required. */
export class StoreAccessError extends SchedulerError {
  constructor(
    readonly reason: string,
    /** Commands, keys or channels that are not permitted, if the store names them. */
    readonly missing: readonly string[] = [],
  ) {
    super('STORE_ACCESS_DENIED', `the store denies access: ${reason}`, { reason, missing });
  }
}

/** The certificate of the store is not trusted. */
export class StoreTlsError extends SchedulerError {
  constructor(readonly reason: string) {
    super(
      'TLS_VERIFY_FAILED',
      `the certificate of the store is not trusted: ${reason}; set its certificate authority as tls.ca`,
      {
        reason,
      },
    );
  }
}

/** Only one side uses TLS. */
export class StoreTlsMismatchError extends SchedulerError {
  /** @param speaksTls whether the server uses TLS */
  constructor(host: string, port: number, speaksTls: boolean) {
    super(
      'TLS_MISMATCH',
      speaksTls
        ? `the store at ${host}:${port} requires TLS; use a rediss:// URL or the option tls`
        : `the store at ${host}:${port} does not support TLS; use a redis:// URL without the option tls`,
      { host, port, speaksTls },
    );
  }
}

/** This release cannot work with the version of the store: the server is too old, or the file too new. */
export class StoreVersionError extends SchedulerError {
  constructor(
    readonly found: string,
    readonly needed: string,
  ) {
    super('STORE_VERSION', `the store is ${found}; needed: ${needed}`, { found, needed });
  }
}

/** The configuration of the server would lose data. */
export class StorePolicyError extends SchedulerError {
  constructor(
    readonly found: string,
    readonly needed: string,
  ) {
    super('STORE_POLICY', `the store would lose executions: ${found}; needed: ${needed}`, { found, needed });
  }
}

/** A script of this library failed: a bug, or data that another program has written. */
export class StoreScriptError extends SchedulerError {
  constructor(
    readonly script: string,
    readonly reason: string,
  ) {
    super('STORE_SCRIPT_FAILED', `the script '${script}' failed in the store: ${reason}`, { script, reason });
  }
}

/** An optional package that this store needs is not installed, or does not load. */
export class MissingDependencyError extends SchedulerError {
  /** @param advice what to do, or why it does not load */
  constructor(
    readonly packageName: string,
    readonly neededBy: string,
    advice = `npm install ${packageName}`,
  ) {
    super('MISSING_DEPENDENCY', `${neededBy} needs the package '${packageName}': ${advice}`, {
      packageName,
      neededBy,
    });
  }
}
