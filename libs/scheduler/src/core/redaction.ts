export const REDACTED = '[redacted]';

const SECRET_KEYS = [
  'password', 'passwd', 'passphrase', 'token', 'accessToken', 'refreshToken', 'secret', 'clientSecret', 'authorization',
  'cookie', 'setCookie', 'apiKey', 'privateKey', 'credential', 'credentials',
]; // prettier-ignore
/** Shorter values would be found in texts that have nothing to do with them. */
const SHORTEST = 4;
/** Most texts hold none, which is soon seen: ids, names, instants. */
const MARKS = [':', '=', 'earer', 'Basic'];
const INSTANT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const IN_URL = /:\/\/[^\s/]+@/g;
const IN_HEADER = /\b([Bb]earer|Basic)\s+[\w.~+/=-]{8,}/g;
const COOKIES = /\b((?:set-)?cookie\s*:\s*)[^\r\n]+/gi;
/** `key=value`, `key: value`, `"key":"value"`; what is clean already stays as it is. */
const ASSIGNED =
  /\b([A-Za-z][\w-]{0,63})(["'`]?\s{0,3}([=:])(\s{0,3}))("(?:[^"\\]|\\.)*"|'[^']*'|\[redacted\]|[^\s"'`,;&)\]}]+)/g;

/** What counts as a secret, and how texts are kept free of it. Immutable. */
export class Redaction {
  private readonly keys: ReadonlySet<string>;

  /** @param more keys beside password, token, apiKey and their like; case, `-` and `_` are of no account */
  constructor(more: readonly string[] = []) {
    this.keys = new Set([...SECRET_KEYS, ...more].map(plain));
  }

  /** Whether the value under this key is a secret. */
  isSecret(key: string): boolean {
    return this.keys.has(plain(key));
  }

  /** The texts and numbers of a JSON value that stand under the key of a secret, at any depth below it. */
  secretsOf(value: unknown): string[] {
    const found = new Set<string>();
    this.collect(value, false, found);
    return [...found].sort((a, b) => b.length - a.length);
  }

  /**
   * A text without those secrets, credentials in URLs, bearer tokens, and what is assigned to the name of a secret
   * (`password=…`, `"apiKey": "…"`, `X-Api-Key: …`).
   * @param secrets the longest first
   */
  text(text: string, secrets: readonly string[] = []): string {
    let clean = text;
    for (const secret of secrets)
      for (const form of formsOf(secret)) if (clean.includes(form)) clean = clean.replaceAll(form, REDACTED);
    if (!MARKS.some((mark) => clean.includes(mark)) || INSTANT.test(clean)) return clean;
    return clean
      .replace(IN_URL, `://${REDACTED}@`)
      .replace(IN_HEADER, `$1 ${REDACTED}`)
      .replace(COOKIES, `$1${REDACTED}`)
      .replace(ASSIGNED, (all, key: string, middle: string, mark: string, space: string, value: string) => {
        // "token: expired" is a sentence.
        const isProse = mark === ':' && space !== '' && /^[a-z]+[.!]?$/.test(value);
        return this.isNameOfSecret(key) && !isProse ? `${key}${middle}${quoted(value)}` : all;
      });
  }

  /** Names in texts often say whose secret it is: DB_PASSWORD, X-Api-Key. */
  private isNameOfSecret(name: string): boolean {
    const parts = name.split(/[-_]/);
    return parts.some((_, index) => this.keys.has(plain(parts.slice(index).join(''))));
  }

  private collect(value: unknown, secret: boolean, found: Set<string>): void {
    if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) this.collect(item, secret || this.isSecret(key), found);
    } else if (secret && (typeof value === 'string' || typeof value === 'number')) {
      const text = String(value);
      if (text.length >= SHORTEST) found.add(text);
    }
  }
}

/** As it is, and as it stands in JSON and in URLs. */
function formsOf(secret: string): string[] {
  const inUrl = /\p{Cs}/u.test(secret) ? secret : encodeURIComponent(secret);
  return [...new Set([secret, JSON.stringify(secret).slice(1, -1), inUrl])];
}

function quoted(value: string): string {
  const mark = /^["']/.exec(value)?.[0] ?? '';
  return `${mark}${REDACTED}${mark}`;
}

/** 'API-Key', 'api_key' and 'apiKey' are one. */
function plain(key: string): string {
  return key.toLowerCase().replaceAll(/[-_\s]/g, '');
}
