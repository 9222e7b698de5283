/** An invalid variable of the environment. The message is one line with the variable, its value and what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** Exit code of the process: EX_CONFIG of sysexits.h. */
  readonly exitCode = 78;

  constructor(
    readonly variable: string,
    found: string,
    allowed: string,
    /** Names of other invalid variables. */
    others: readonly string[] = [],
  ) {
    const more = others.length > 0 ? ` (also wrong: ${others.join(', ')})` : '';
    super(`${variable}: ${found} is not allowed; allowed: ${allowed}${more}`);
  }
}

/** Names of variables whose values must not be logged. */
const SECRET = /PASSWORD|SECRET|TOKEN|CREDENTIAL|_KEY$/;
/** The part of a URL that may contain secrets: everything before its last @, and its query. The URL may be invalid. */
const USER_PART = /^([a-z][a-z0-9+.-]*:\/\/)?.*@/is;
const QUERY = /[?#].*$/s;

/** A value for a message: one line, short, with secrets and the user part of a URL masked. */
export function showValue(name: string, value: unknown): string {
  if (SECRET.test(name)) return '***';
  const isUrl = name.endsWith('_URL') || String(value).includes('://');
  const text = isUrl ? String(value).replace(USER_PART, '$1***@').replace(QUERY, '?***') : String(value);
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
