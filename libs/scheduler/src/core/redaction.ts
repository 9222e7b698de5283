import { SecretNames } from './secret-names.js';
import { withoutTokens } from './token-forms.js';

export const REDACTED = '[redacted]';

/** Shorter values would match unrelated text. */
const SHORTEST = 4;
/** A text without these contains no secret, such as ids, names and instants: a fast check. */
const MARKS = [':', '=', 'earer', 'EARER', 'Basic', ' -'];
const INSTANT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const IN_URL = /:\/\/[^\s/]+@/g;
/** A password that contains a slash. What follows a port is a path. */
const IN_URL_WITH_SLASH = /:\/\/[^\s/:@]{0,200}:(?!\d{1,5}[/?#])(?:(?!:\/\/)[^\s"'`<>])+@/g;
const IN_HEADER = /\b([Bb]earer|BEARER|Basic)\s+[\w.~+/=-]{8,}/g;
const AUTHORIZATION = /\b((?:proxy-)?authorization["'`]?\s{0,3}[:=]\s{0,3}["'`]?)[\w-]{1,40}\s{1,3}[^\s"'`,;]+/gi;
const COOKIES = /\b((?:set-)?cookie\s*:\s*)[^\r\n]+/gi;
/** `--password x`, and `-u user:password` as in curl. */
const OPTION = /((?:^|\s)--?)([A-Za-z][\w-]{0,63})(\s{1,3})("(?:[^"\\]|\\.)*"|'[^']*'|[^\s-]\S*)/g;
/** `key=value`, `key: value`, `"key":"value"`, also within text in JSON. Redacted text stays as it is. */
const ASSIGNED =
  /\b([A-Za-z][\w-]{0,63})(\\{0,3}["'`]?\s{0,3}([=:])(\s{0,3}))("(?:[^"\\]|\\.)*"|'[^']*'|\\{1,3}"[^"\\]*\\{1,3}"|\[redacted\]|[^\s"'`,;&)\]}]+)/g;

/** The groups of ASSIGNED. */
type Assigned = readonly [all: string, key: string, middle: string, mark: string, space: string, value: string];

/** Defines what is a secret, and removes secrets from texts. Immutable. */
export class Redaction {
  private readonly names: SecretNames;

  /**
   * @param more keys in addition to password, token, apiKey and similar. Names are compared word by word, split at case
   * changes, `-`, `_` and digits: 'apiKey' matches 'X-Api-Keys', 'password' matches 'dbPassword'
   */
  constructor(more: readonly string[] = []) {
    this.names = new SecretNames(more);
  }

  /** Whether the value under this key is a secret. */
  isSecret(key: string): boolean {
    return this.names.has(key);
  }

  /** The texts and numbers of a JSON value under secret keys, at any depth. */
  secretsOf(value: unknown): string[] {
    const found = new Set<string>();
    this.collect(value, false, found);
    return [...found].sort((a, b) => b.length - a.length);
  }

  /**
   * Removes from a text: the given secrets, credentials in URLs, bearer tokens, values assigned to a secret name
   * (`password=…`, `"apiKey": "…"`, `X-Api-Key: …`, `--password …`), and tokens and private keys of a known form.
   * @param secrets the longest first
   */
  text(text: string, secrets: readonly string[] = []): string {
    let clean = text;
    for (const secret of secrets)
      for (const form of formsOf(secret)) if (clean.includes(form)) clean = clean.replaceAll(form, REDACTED);
    if (INSTANT.test(clean)) return clean;
    clean = withoutTokens(clean, REDACTED);
    if (!MARKS.some((mark) => clean.includes(mark))) return clean;
    return clean
      .replace(IN_URL, `://${REDACTED}@`)
      .replace(IN_URL_WITH_SLASH, `://${REDACTED}@`)
      .replace(AUTHORIZATION, `$1${REDACTED} ${REDACTED}`)
      .replace(IN_HEADER, `$1 ${REDACTED}`)
      .replace(COOKIES, `$1${REDACTED}`)
      .replace(OPTION, (all, dashes: string, name: string, space: string, value: string) => {
        const isLogin = /^(u|user)$/.test(name) && value.includes(':');
        return isLogin || this.isSecret(name) ? `${dashes}${name}${space}${quoted(value)}` : all;
      })
      .replace(ASSIGNED, (...found) => this.assigned(found as unknown as Assigned));
  }

  private assigned([all, key, middle, mark, space, value]: Assigned): string {
    // "token: expired" is prose.
    const isProse = mark === ':' && space !== '' && /^[a-z]+[.!]?$/.test(value);
    if (this.isSecret(key) && !isProse) return `${key}${middle}${quoted(value)}`;
    // Quoted text may contain assignments.
    if (!/^["'].*[=:]/s.test(value)) return all;
    const inner = value.slice(1, -1).replace(ASSIGNED, (...found) => this.assigned(found as unknown as Assigned));
    return `${key}${middle}${value[0]}${inner}${value.at(-1)}`;
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

/** The secret as it is, and as encoded in JSON and in URLs. */
function formsOf(secret: string): string[] {
  const inUrl = /\p{Cs}/u.test(secret) ? secret : encodeURIComponent(secret);
  return [...new Set([secret, JSON.stringify(secret).slice(1, -1), inUrl])];
}

function quoted(value: string): string {
  const mark = /^\\{0,3}["']/.exec(value)?.[0] ?? '';
  return `${mark}${REDACTED}${mark}`;
}
