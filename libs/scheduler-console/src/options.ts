import type { CanActivate, ModuleMetadata, Type } from '@nestjs/common';
import type { ConsoleRole } from './auth/principal.js';

/** A bearer token. */
export interface ConsoleToken {
  /** At least 16 characters. Kept as a hash. */
  token: string;
  /** Of whom it is, for the audit log. */
  name: string;
  role: ConsoleRole;
  /** Whether payloads, results and stacks are shown. Default: true for operator and admin. */
  payloads?: boolean;
  /** From when on it opens nothing any more, and loses the live channels that it has opened: an instant. Default: never. */
  expires?: Date | string;
}

/**
 * Who may come in:
 * - `tokens`: bearer tokens; with none given, one is made and printed at the start, and only loopback is served.
 * - `guard`: a Nest guard of the app's own; it sets `request.principal` (see Principal) and decides.
 * - `'none'`: nobody is asked; only loopback is served.
 *
 * Where only loopback is served, callers must also name this machine in the header Host.
 */
export type ConsoleAuth = { tokens: readonly ConsoleToken[] } | { guard: Type<CanActivate> } | 'none';

export interface SchedulerConsoleOptions {
  /** Where it is mounted: `<path>/api`, `<path>/dashboard`, `<path>/metrics`, `<path>/live`. Default: at the root. */
  path?: string;
  /** Default: `{ tokens: [] }`. */
  auth?: ConsoleAuth;
  /**
   * Origins beside the app's own whose pages may open the live channel, and may call without a bearer token where
   * `auth` takes such calls. As 'https://ops.example.org'. Default: none.
   */
  allowedOrigins?: readonly string[];
  /** Keys whose values are never shown, beside password, token, secret and their like: also as a part of a longer key. */
  redact?: readonly string[];
  /** Requests per caller; beyond it 429. Default `{ max: 200, per: 1000 }` (ms). false: none. */
  rateLimit?: { max: number; per: number } | false;
  /**
   * ms within which a request must have come as a whole; its answer may take a fifth longer, so that a store that does
   * not answer says so first. Default 10,000.
   */
  requestTimeout?: number;
  /**
   * Ticks a minute of all schedules together, beyond which no further one is put through the console: one tick each for
   * expressions of five fields, up to 60 for those with seconds. Default 1,000.
   */
  cronTicksPerMinute?: number;
  /** Of the scheduler to show, where an app has several. Default: the unnamed one. */
  scheduler?: string;
}

export interface SchedulerConsoleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /** As in SchedulerConsoleOptions; routes are laid before the factory runs. */
  path?: string;
  /** As in SchedulerConsoleOptions. */
  scheduler?: string;
  inject?: any[];
  useFactory: (
    ...args: any[]
  ) =>
    Omit<SchedulerConsoleOptions, 'path' | 'scheduler'> | Promise<Omit<SchedulerConsoleOptions, 'path' | 'scheduler'>>;
}
