import { SecretNames } from './secret-names.js';
import { withoutTokens } from './token-forms.js';

export const REDACTED = '[redacted]';

/** Shorter values would be found in texts that have nothing to do with them. */
const SHORTEST = 4;
/** Most texts hold none, which is soon seen: ids, names, instants. */
const MARKS = [':', '=', 'earer', 'EARER', 'Basic', ' -'];
const INSTANT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const IN_URL = /:\/\/[^\s/]+@/g;
/** A password with a slash in it; what follows a port is a path. */
const IN_URL_WITH_SLASH = /:\/\/[^\s/:@]{0,200}:(?!\d{1,5}[/?#])(?:(?!:\/\/)[^\s"'`<>])+@/g;
const IN_HEADER = /\b([Bb]earer|BEARER|Basic)\s+[\w.~+/=-]{8,}/g;
const AUTHORIZATION = /\b((?:proxy-)?authorization["'`]?\s{0,3}[:=]\s{0,3}["'`]?)[\w-]{1,40}\s{1,3}[^\s"'`,;]+/gi;
const COOKIES = /\b((?:set-)?cookie\s*:\s*)[^\r\n]+/gi;
/** `--password x`, and `-u user:password` as curl has it. */
const OPTION = /((?:^|\s)--?)([A-Za-z][\w-]{0,63})(\s{1,3})("(?:[^"\\]|\\.)*"|'[^']*'|[^\s-]\S*)/g;
/** `key=value`, `key: value`, `"key":"value"`, also within a text in JSON; what is clean already stays as it is. */
const ASSIGNED =
  /\b([A-Za-z][\w-]{0,63})(\\{0,3}["'`]?\s{0,3}([=:])(\s{0,3}))("(?:[^"\\]|\\.)*"|'[^']*'|\\{1,3}"[^"\\]*\\{1,3}"|\[redacted\]|[^\s"'`,;&)\]}]+)/g;

/** What ASSIGNED finds. */
type Assigned = readonly [all: string, key: string, middle: string, mark: string, space: string, value: string];

/** What counts as a secret, and how texts are kept free of it. Immutable. */
export class Redaction {
  private readonly names: SecretNames;

  /**
   * @param more keys beside password, token, apiKey and their like. Names are compared part by part, split at case, `-`, `_`
   *   and digits: 'apiKey' is in 'X-Api-Keys', 'password' in 'dbPassword'
   */
  constructor(more: readonly string[] = []) {
    this.names = new SecretNames(more);
  }

  /** Whether the value under this key is a secret. */
  isSecret(key: string): boolean {
    return this.names.has(key);
  }

  /** The texts and numbers of a JSON value that stand under the key of a secret, at any depth below it. */
  secretsOf(value: unknown): string[] {
    const found = new Set<string>();
    this.collect(value, false, found);
    return [...found].sort((a, b) => b.length - a.length);
  }

  /**
   * A text without those secrets, credentials in URLs, bearer tokens, and what is assigned to the name of a secret
   * (`password=…`, `"apiKey": "…"`, `X-Api-Key: …`, `--password …`); nor tokens and private keys of a known form.
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
    // "token: expired" is a sentence.
    const isProse = mark === ':' && space !== '' && /^[a-z]+[.!]?$/.test(value);
    if (this.isSecret(key) && !isProse) return `${key}${middle}${quoted(value)}`;
    // What is quoted may have assignments in it.
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

/** As it is, and as it stands in JSON and in URLs. */
function formsOf(secret: string): string[] {
  const inUrl = /\p{Cs}/u.test(secret) ? secret : encodeURIComponent(secret);
  return [...new Set([secret, JSON.stringify(secret).slice(1, -1), inUrl])];
}

function quoted(value: string): string {
  const mark = /^\\{0,3}["']/.exec(value)?.[0] ?? '';
  return `${mark}${REDACTED}${mark}`;
}
