import { SchedulerError } from 'nestjs-advanced-scheduler';
import { showValue } from './config-error.js';

/** Variables to check besides the one that names the store, by the code of the store's error. */
const OTHER_VARIABLES: Record<string, readonly string[]> = { STORE_ACCESS_DENIED: ['REDIS_PASSWORD'] };
/** Temporary failures: a restart of the process may be enough. */
const PASSING = new Set(['STORE_UNAVAILABLE', 'STORE_LOADING', 'STORE_READONLY']);
/** EX_UNAVAILABLE and EX_CONFIG of sysexits.h. */
const EXIT_CODES = { passing: 69, lasting: 78 };

/** The store cannot be used at start. The message is one line with the variable, the store and the reason. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
  /** Exit code of the process. */
  readonly exitCode: number;

  /**
   * @param variable that names the store
   * @param value its value
   */
  constructor(variable: 'REDIS_URL' | 'STORE_PATH', value: string, { code, message }: SchedulerError) {
    const others = variable === 'REDIS_URL' ? (OTHER_VARIABLES[code] ?? []) : [];
    super(`${[variable, ...others].join(', ')}: ${showValue(variable, value)} cannot be used: ${message} (${code})`);
    this.exitCode = PASSING.has(code) ? EXIT_CODES.passing : EXIT_CODES.lasting;
  }
}

/** Whether an error is about access to the store. */
export function isStoreError(error: unknown): error is SchedulerError {
  return error instanceof SchedulerError && /^(STORE|TLS)_/.test(error.code);
}
