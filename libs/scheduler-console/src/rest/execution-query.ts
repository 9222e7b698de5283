import { InvalidInputError, type ListExecutionsOptions } from 'nestjs-advanced-scheduler';
import { ConsoleError } from '../console-error.js';
import type { QueryShape, QueryValues } from './query.pipe.js';

export const EXECUTION_QUERY = {
  status: 'text',
  taskId: 'text',
  queue: 'text',
  tag: 'text',
  workflowId: 'text',
  from: 'text',
  to: 'text',
  limit: [1, 1000],
  cursor: 'text',
} as const satisfies QueryShape;

/** Several statuses are comma-separated. */
export function toListing({ status, limit, ...rest }: QueryValues): ListExecutionsOptions {
  const given: Record<string, unknown> = Object.fromEntries(
    Object.entries(rest).filter(([, value]) => value !== undefined),
  );
  if (status !== undefined) given.status = String(status).split(',');
  if (limit !== undefined) given.limit = limit;
  return given;
}

/** Maps errors of a listing to the query. */
export async function asQuery<T>(listing: () => Promise<T>): Promise<T> {
  try {
    return await listing();
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    throw new ConsoleError('INVALID_QUERY', 400, error.message, error.field);
  }
}
