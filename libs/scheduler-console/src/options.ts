import type { CanActivate, ModuleMetadata, Type } from '@nestjs/common';
import type { ConsoleRole } from './auth/principal.js';

/** A bearer token. */
export interface ConsoleToken {
  /** At least 16 characters. Stored as a hash. */
  token: string;
  /** Name of its owner, for the audit log. */
  name: string;
  role: ConsoleRole;
  /** Whether payloads, results and stacks are shown. Default: true for operator and admin. */
  payloads?: boolean;
  /**
   * When it becomes invalid, and its live channels are closed: a Date, or ISO 8601 text with a zone (a date is midnight in
   * UTC). Default: never.
   */
  expires?: Date | string;
}

/**
 * Access control:
 * - `tokens`: bearer tokens; if the list is empty, one is generated and printed at start, and only loopback is served;
 * - `guard`: a Nest guard of the app, which decides and sets `request.principal` (see Principal);
 * - `'none'`: no authentication; only loopback is served.
 * If only loopback is served, callers must also use a name of this machine in the header Host.
 */
export type ConsoleAuth = { tokens: readonly ConsoleToken[] } | { guard: Type<CanActivate> } | 'none';

export interface SchedulerConsoleOptions {
  /** Where it is mounted: `<path>/api`, `<path>/dashboard`, `<path>/metrics`, `<path>/live`. Default: the root. */
  path?: string;
  /** Default: `{ tokens: [] }`. */
  auth?: ConsoleAuth;
  /**
   * Origins other than the app's whose pages may open the live channel, and may call without a bearer token if `auth`
   * accepts such calls. As 'https://ops.example.org'. Default: none.
   */
  allowedOrigins?: readonly string[];
  /**
   * Keys whose values are never shown, in addition to password, token, secret and similar; also as part of a longer
   * key.
   */
  redact?: readonly string[];
  /** Requests of a caller; above it 429. Default `{ max: 200, per: 1000 }` (ms). false: unlimited. */
  rateLimit?: { max: number; per: number } | false;
  /**
   * ms to receive a request completely. The response may take a fifth longer, so the error of a store that does not
   * respond comes first. Default 10,000.
   */
  requestTimeout?: number;
  /**
   * Limit of ticks a minute of all schedules together for schedules put through the console: one tick each for
   * expressions of five fields, up to 60 for those with seconds. Default 1,000.
   */
  cronTicksPerMinute?: number;
  /** Name of the scheduler to show, if the app has several. Default: the unnamed one. */
  scheduler?: string;
}

export interface SchedulerConsoleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /** As in SchedulerConsoleOptions; routes are registered before the factory runs. */
  path?: string;
  /** As in SchedulerConsoleOptions. */
  scheduler?: string;
  inject?: any[];
  useFactory: (
    ...args: any[]
  ) =>
    Omit<SchedulerConsoleOptions, 'path' | 'scheduler'> | Promise<Omit<SchedulerConsoleOptions, 'path' | 'scheduler'>>;
}
