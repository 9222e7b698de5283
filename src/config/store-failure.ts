import { SchedulerError } from 'nestjs-advanced-scheduler';
import { showValue } from './config-error.js';

const VARIABLES = ['REDIS_URL'];
/** Variables to look at, by the code of the store's error, where they are not the usual ones. */
const OTHER_VARIABLES: Record<string, readonly string[]> = { STORE_ACCESS_DENIED: ['REDIS_URL', 'REDIS_PASSWORD'] };
/** What may pass by itself, so that whoever starts the process may start it again. */
const PASSING = new Set(['STORE_UNAVAILABLE', 'STORE_LOADING', 'STORE_READONLY']);
/** EX_UNAVAILABLE and EX_CONFIG of sysexits.h. */
const EXIT_CODES = { passing: 69, lasting: 78 };

/** The store cannot be used at the start. The message is one line that names the variable, which store, and why. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
  /** What a process ends with. */
  readonly exitCode: number;

  constructor(url: string, { code, message }: SchedulerError) {
    const variables = (OTHER_VARIABLES[code] ?? VARIABLES).join(', ');
    super(`${variables}: ${showValue('REDIS_URL', url)} cannot be used: ${message} (${code})`);
    this.exitCode = PASSING.has(code) ? EXIT_CODES.passing : EXIT_CODES.lasting;
  }
}

/** Whether an error is about reaching the store. */
export function isStoreError(error: unknown): error is SchedulerError {
  return error instanceof SchedulerError && /^(STORE|TLS)_/.test(error.code);
}
