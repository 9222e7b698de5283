/** What the environment says is wrong. The message is one line that names the variable, what was found, what may be. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** What a process ends with: EX_CONFIG of sysexits.h. */
  readonly exitCode = 78;

  constructor(
    readonly variable: string,
    found: string,
    allowed: string,
    /** Names of further variables that are wrong as well. */
    others: readonly string[] = [],
  ) {
    const more = others.length > 0 ? ` (also wrong: ${others.join(', ')})` : '';
    super(`${variable}: ${found} is not allowed; allowed: ${allowed}${more}`);
  }
}

/** Names of variables whose values nobody may read in a log. */
const SECRET = /PASSWORD|SECRET|TOKEN|CREDENTIAL|_KEY$/;
/** Where a URL may hold secrets: all before its last @, and its query. It may be no right URL. */
const USER_PART = /^([a-z][a-z0-9+.-]*:\/\/)?.*@/is;
const QUERY = /[?#].*$/s;

/** A value as it may stand in a message: one line, short, a secret and the user part of a URL masked. */
export function showValue(name: string, value: unknown): string {
  if (SECRET.test(name)) return '***';
  const isUrl = name.endsWith('_URL') || String(value).includes('://');
  const text = isUrl ? String(value).replace(USER_PART, '$1***@').replace(QUERY, '?***') : String(value);
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
