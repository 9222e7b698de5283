import { InvalidOptionError } from '../core/errors.js';
import { parseInstant } from '../core/plan-execution.js';
import { TaskStatus } from '../core/status.js';
import type { ListExecutionsQuery } from '../store/records.js';

/** What listExecutions takes. */
export interface ListExecutionsOptions extends Omit<ListExecutionsQuery, 'from' | 'to'> {
  /** Created at or after. */
  from?: Date | string | number;
  /** Created before. */
  to?: Date | string | number;
}

const MAX_LIMIT = 1000;
const CURSOR = /^[0-9]{1,16}(\.[^\s]{1,200})?$/;

/** @throws InvalidOptionError, InvalidDateError */
export function checkListing(
  { status, limit = 50, cursor, from, to, ...rest }: ListExecutionsOptions,
  now: number,
): ListExecutionsQuery {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw new InvalidOptionError('limit', limit, `1 to ${MAX_LIMIT}`);
  if (cursor !== undefined && (typeof cursor !== 'string' || !CURSOR.test(cursor)))
    throw new InvalidOptionError('cursor', cursor, 'the nextCursor of the page before');
  for (const each of [status ?? []].flat()) {
    if (!Object.hasOwn(TaskStatus, each))
      throw new InvalidOptionError('status', each, Object.keys(TaskStatus).join(', '));
  }
  return {
    ...rest,
    limit,
    ...(status === undefined ? {} : { status }),
    ...(cursor === undefined ? {} : { cursor }),
    ...(from === undefined ? {} : { from: parseInstant(from, 'from', now) }),
    ...(to === undefined ? {} : { to: parseInstant(to, 'to', now) }),
  };
}
