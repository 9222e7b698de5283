import { Inject, Injectable } from '@nestjs/common';
import { REDACTED, Redaction } from 'nestjs-advanced-scheduler';
import type { ResolvedConsoleOptions } from '../resolve-options.js';
import { CONSOLE_OPTIONS } from '../tokens.js';

/** Visible only with the permission for payloads. */
const PAYLOAD_KEYS = ['payload', 'result', 'stack'];

/** What comes from handlers and callers. Everything else is the scheduler's own. */
const FOREIGN_KEYS = [...PAYLOAD_KEYS, 'error', 'logs', 'line', 'progress', 'note'];
/** Names and ids of the scheduler: calls need them as they are, and `token:refresh` is the name of a task. */
const NAME_KEYS = new Set([
  ...['id', 'executionId', 'lastExecutionId', 'workflowId', 'scheduleId', 'workerId', 'taskId', 'taskName', 'funcPath'],
  ...['ref', 'queue', 'name', 'tasks', 'queues', 'unhandledTasks', 'pausedQueues', 'unservedQueues'],
  ...['nextCursor'],
]);
const NAME = /^[\w.:/-]{1,300}$/;

/** Whose a value is: names of the scheduler, ids under names of nodes, something else of the scheduler, or foreign. */
type Origin = 'name' | 'ids' | 'own' | 'foreign';

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
    return this.redactPart(value, payloads, 'own');
  }

  /** A text without secrets. */
  text(text: string): string {
    return this.redaction.text(text);
  }

  private redactPart(value: unknown, payloads: boolean, origin: Origin): unknown {
    if (typeof value === 'string') return origin === 'name' && NAME.test(value) ? value : this.text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value))
      return value.map((item) => this.redactPart(item, payloads, origin === 'ids' ? 'own' : origin));
    if (hasJsonForm(value)) return this.redactPart(value.toJSON(), payloads, origin);
    const copy: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      if (!payloads && PAYLOAD_KEYS.includes(key)) continue;
      const isName = origin === 'ids' && typeof item === 'string' && NAME.test(item);
      const hidden = !isName && item !== null && item !== undefined && this.redaction.isSecret(key);
      copy[key] = hidden ? REDACTED : this.redactPart(item, payloads, isName ? 'name' : originOf(key, origin));
    }
    return copy;
  }
}

function originOf(key: string, parent: Origin): Origin {
  if (parent === 'foreign' || FOREIGN_KEYS.includes(key)) return 'foreign';
  if (key === 'executions') return 'ids';
  return NAME_KEYS.has(key) ? 'name' : 'own';
}

function hasJsonForm(value: object): value is { toJSON: () => unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}
