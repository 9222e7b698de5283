import { InvalidOptionError } from '../core/errors.js';
import { isPlainObject } from '../core/json.js';
import { parseInstant } from '../core/plan-execution.js';
import { TaskStatus } from '../core/status.js';
import type { ListExecutionsQuery } from '../store/records.js';

/** Options of listExecutions. */
export interface ListExecutionsOptions extends Omit<ListExecutionsQuery, 'from' | 'to'> {
  /** Created at or after. */
  from?: Date | string | number;
  /** Created before. */
  to?: Date | string | number;
}

/** Options of listWorkflows. */
export interface ListWorkflowsOptions {
  /** 1 to 1000. Default 50. */
  limit?: number;
  cursor?: string;
}

const MAX_LIMIT = 1000;
const CURSOR = /^[0-9]{1,16}(\.[^\s\p{Cs}]{1,200})?$/u;
const TEXTS = ['taskId', 'queue', 'tag', 'workflowId'] as const;
const FILTERS = ['status', ...TEXTS, 'from', 'to', 'limit', 'cursor'];

/** @throws InvalidOptionError, InvalidDateError */
export function checkListing(query: ListExecutionsOptions, now: number): ListExecutionsQuery {
  refuseUnknown(query, FILTERS);
  const { status, from, to } = query;
  for (const each of status === undefined ? [] : [status].flat()) {
    if (!Object.hasOwn(TaskStatus, each))
      throw new InvalidOptionError('status', each, Object.keys(TaskStatus).join(', '));
  }
  const texts = TEXTS.flatMap((name) => {
    const value: unknown = query[name];
    if (value !== undefined && typeof value !== 'string') throw new InvalidOptionError(name, value, 'text');
    // A lone surrogate is in no stored text, and cannot be sent to a store.
    if (value !== undefined && /\p{Cs}/u.test(value)) throw new InvalidOptionError(name, value, 'well-formed text');
    return value === undefined ? [] : [[name, value]];
  });
  return {
    ...checkPage(query),
    ...(Object.fromEntries(texts) as Partial<Record<(typeof TEXTS)[number], string>>),
    ...(status === undefined ? {} : { status }),
    ...(from === undefined ? {} : { from: parseInstant(from, 'from', now) }),
    ...(to === undefined ? {} : { to: parseInstant(to, 'to', now) }),
  };
}

/** @throws InvalidOptionError */
export function checkWorkflowListing(query: ListWorkflowsOptions): { limit: number; cursor?: string } {
  refuseUnknown(query, ['limit', 'cursor']);
  return checkPage(query);
}

function checkPage({ limit = 50, cursor }: ListWorkflowsOptions): { limit: number; cursor?: string } {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw new InvalidOptionError('limit', limit, `1 to ${MAX_LIMIT}`);
  if (cursor !== undefined && (typeof cursor !== 'string' || !CURSOR.test(cursor)))
    throw new InvalidOptionError('cursor', cursor, 'the nextCursor of the page before');
  return cursor === undefined ? { limit } : { limit, cursor };
}

/** An unknown filter would match everything. */
function refuseUnknown(query: unknown, allowed: readonly string[]): void {
  if (!isPlainObject(query)) throw new InvalidOptionError('query', query, `an object with ${allowed.join(', ')}`);
  for (const [name, value] of Object.entries(query))
    if (!allowed.includes(name)) throw new InvalidOptionError(name, value, `only ${allowed.join(', ')}`);
}
