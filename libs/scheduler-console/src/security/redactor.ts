import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedConsoleOptions } from '../resolve-options.js';
import { CONSOLE_OPTIONS } from '../tokens.js';

export const REDACTED = '[redacted]';
const SECRET_KEYS = [
  'password', 'passwd', 'passphrase', 'token', 'accesstoken', 'refreshtoken', 'secret', 'clientsecret', 'authorization',
  'cookie', 'setcookie', 'apikey', 'privatekey', 'credential', 'credentials',
]; // prettier-ignore
/** Seen by those only who have the permission. */
const PAYLOAD_KEYS = ['payload', 'result', 'stack'];
const CREDENTIALS_IN_URL = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@:]*:[^\s/@]*@/gi;

/** Takes secrets out of what is shown. */
@Injectable()
export class Redactor {
  private readonly keys: ReadonlySet<string>;

  constructor(@Inject(CONSOLE_OPTIONS) { redact }: ResolvedConsoleOptions) {
    this.keys = new Set([...SECRET_KEYS, ...redact].map(plain));
  }

  /**
   * A copy as JSON would have it, with the values of secret keys replaced, and credentials in URLs.
   * @param payloads false: without the keys payload, result and stack, wherever they stand
   */
  redact(value: unknown, payloads: boolean): unknown {
    if (typeof value === 'string')
      return value.includes('://') ? value.replace(CREDENTIALS_IN_URL, `$1${REDACTED}@`) : value;
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => this.redact(item, payloads));
    if (hasJsonForm(value)) return this.redact(value.toJSON(), payloads);
    const copy: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      if (!payloads && PAYLOAD_KEYS.includes(key)) continue;
      copy[key] =
        item !== null && item !== undefined && this.keys.has(plain(key)) ? REDACTED : this.redact(item, payloads);
    }
    return copy;
  }
}

function hasJsonForm(value: object): value is { toJSON: () => unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

/** 'API-Key', 'api_key' and 'apiKey' are one. */
function plain(key: string): string {
  return key.toLowerCase().replaceAll(/[-_\s]/g, '');
}
