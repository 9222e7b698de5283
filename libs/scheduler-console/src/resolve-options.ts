import { checkOptionNames, checkTexts } from './check-option-names.js';
import { InvalidConsoleOptionError } from './console-error.js';
import { CONSOLE_ROLES } from './auth/principal.js';
import { expiryOf } from './auth/token-expiry.js';
import type { ConsoleAuth, ConsoleToken, SchedulerConsoleOptions } from './options.js';

/** The options with defaults filled in. */
export interface ResolvedConsoleOptions extends SchedulerConsoleOptions {
  /** '' at the root, otherwise with a leading slash and no trailing one. */
  path: string;
  auth: ConsoleAuth;
  allowedOrigins: readonly string[];
  redact: readonly string[];
  rateLimit: { max: number; per: number } | false;
  requestTimeout: number;
  cronTicksPerMinute: number;
}

const MIN_TOKEN = 16;
/** The fields of SchedulerConsoleOptions. */
export const OPTION_NAMES = [
  'path',
  'auth',
  'allowedOrigins',
  'redact',
  'rateLimit',
  'requestTimeout',
  'cronTicksPerMinute',
  'scheduler',
];

/** @throws InvalidConsoleOptionError */
export function resolveConsoleOptions(options: SchedulerConsoleOptions): ResolvedConsoleOptions {
  checkOptionNames(options, OPTION_NAMES);
  const { auth = { tokens: [] }, allowedOrigins = [], redact = [], rateLimit = { max: 200, per: 1000 } } = options;
  const { requestTimeout = 10_000, cronTicksPerMinute = 1000 } = options;
  checkAuth(auth);
  checkTexts(allowedOrigins, 'allowedOrigins');
  checkTexts(redact, 'redact');
  if (rateLimit !== false) checkOptionNames(rateLimit, ['max', 'per'], 'rateLimit');
  if (rateLimit !== false && !(rateLimit.max >= 1 && rateLimit.per >= 1))
    throw new InvalidConsoleOptionError('rateLimit', JSON.stringify(rateLimit), 'max and per of 1 or more, or false');
  if (!(requestTimeout >= 1 && requestTimeout <= 600_000))
    throw new InvalidConsoleOptionError('requestTimeout', String(requestTimeout), 'ms, 1 to 600000');
  if (!(cronTicksPerMinute >= 1))
    throw new InvalidConsoleOptionError('cronTicksPerMinute', String(cronTicksPerMinute), '1 or more');
  return {
    ...options,
    path: normalizePath(options.path),
    auth,
    allowedOrigins,
    redact,
    rateLimit,
    requestTimeout,
    cronTicksPerMinute,
  };
}

/** '' for the root, otherwise '/admin/jobs'. */
export function normalizePath(path: unknown = ''): string {
  if (typeof path !== 'string') throw new InvalidConsoleOptionError('path', typeof path, 'text');
  const parts = path.split('/').filter((part) => part !== '');
  if (!parts.every((part) => /^[\w.~-]+$/.test(part)))
    throw new InvalidConsoleOptionError(
      'path',
      JSON.stringify(path),
      "parts of letters, digits, . _ ~ -, such as 'ops/jobs'",
    );
  return parts.map((part) => `/${part}`).join('');
}

function checkAuth(auth: ConsoleAuth): void {
  if (auth === 'none') return;
  if (typeof auth !== 'object' || auth === null)
    throw new InvalidConsoleOptionError('auth', typeof auth, "{ tokens }, { guard } or 'none'");
  if ('guard' in auth) {
    checkOptionNames(auth, ['guard'], 'auth');
    if (typeof auth.guard !== 'function')
      throw new InvalidConsoleOptionError('auth.guard', typeof auth.guard, 'a class');
    return;
  }
  checkOptionNames(auth, ['tokens'], 'auth');
  if (!Array.isArray(auth.tokens))
    throw new InvalidConsoleOptionError('auth', typeof auth, "{ tokens }, { guard } or 'none'");
  const seen = new Map<string, number>();
  for (const [index, each] of (auth.tokens as readonly ConsoleToken[]).entries()) {
    const field = `auth.tokens[${index}]`;
    checkOptionNames(each, ['token', 'name', 'role', 'payloads', 'expires'], field);
    const { token, name, role, expires, payloads } = each;
    if (payloads !== undefined && typeof payloads !== 'boolean')
      throw new InvalidConsoleOptionError(`${field}.payloads`, typeof payloads, 'true or false');
    if (typeof token !== 'string' || token.length < MIN_TOKEN)
      throw new InvalidConsoleOptionError(
        `${field}.token`,
        `a ${typeof token} of length ${String(token ?? '').length}`,
        `text of ${MIN_TOKEN} characters or more`,
      );
    if (seen.has(token))
      throw new InvalidConsoleOptionError(
        `${field}.token`,
        `that of auth.tokens[${seen.get(token)}]`,
        'each token once',
      );
    seen.set(token, index);
    if (typeof name !== 'string' || name === '')
      throw new InvalidConsoleOptionError(`${field}.name`, typeof name, 'text');
    if (!CONSOLE_ROLES.includes(role))
      throw new InvalidConsoleOptionError(`${field}.role`, String(role), CONSOLE_ROLES.join(', '));
    if (Number.isNaN(expiryOf(expires)))
      throw new InvalidConsoleOptionError(
        `${field}.expires`,
        String(expires),
        "a Date, or ISO 8601 text with a zone, such as '2027-01-01T00:00:00Z' or '2027-01-01T00:00:00+02:00'",
      );
  }
}
