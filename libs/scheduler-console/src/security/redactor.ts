import { Inject, Injectable } from '@nestjs/common';
import { REDACTED, Redaction } from 'nestjs-advanced-scheduler';
import type { ResolvedConsoleOptions } from '../resolve-options.js';
import { CONSOLE_OPTIONS } from '../tokens.js';

/** Visible only with the permission for payloads. */
const PAYLOAD_KEYS = ['payload', 'result', 'stack'];

/** Removes secrets from responses and logs. */
@Injectable()
export class Redactor {
  private readonly redaction: Redaction;

  constructor(@Inject(CONSOLE_OPTIONS) { redact }: ResolvedConsoleOptions) {
    this.redaction = new Redaction(redact);
  }

  /**
   * A copy as in JSON, without values of secret keys and without secrets in texts.
   * @param payloads false: also without the keys payload, result and stack at any depth
   */
  redact(value: unknown, payloads: boolean): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => this.redact(item, payloads));
    if (hasJsonForm(value)) return this.redact(value.toJSON(), payloads);
    const copy: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      if (!payloads && PAYLOAD_KEYS.includes(key)) continue;
      const hidden = item !== null && item !== undefined && this.redaction.isSecret(key);
      copy[key] = hidden ? REDACTED : this.redact(item, payloads);
    }
    return copy;
  }

  /** A text without secrets. */
  text(text: string): string {
    return this.redaction.text(text);
  }
}

function hasJsonForm(value: object): value is { toJSON: () => unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}
