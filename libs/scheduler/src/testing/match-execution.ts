import { isDeepStrictEqual } from 'node:util';
import type { TaskExecution } from '../core/execution.js';
import { checkOptionNames } from '../core/check-options.js';
import { InvalidDateError, InvalidOptionError } from '../core/errors.js';
import { instantOf } from '../core/instant.js';
import { isPlainObject } from '../core/json.js';
import { parsePriority, priorityName, type TaskPriorityInput } from '../core/priority.js';
import { TaskStatus } from '../core/status.js';

/** An expected execution; omitted fields match anything. */
export interface ExpectedExecution<P = unknown> {
  /** Keys of an object that must match. */
  payload?: Partial<P>;
  priority?: TaskPriorityInput;
  status?: TaskStatus;
  queue?: string;
  /** The instant at which it is due. */
  scheduledTime?: Date | string | number;
  /** All of these; others are allowed. */
  tags?: readonly string[];
  workflowId?: string | null;
}

const EXPECTED = ['payload', 'priority', 'status', 'queue', 'scheduledTime', 'tags', 'workflowId'];

/** An unknown field would match every execution. @throws InvalidOptionError, InvalidPriorityError, InvalidDateError */
export function checkExpected(expected: unknown): void {
  checkOptionNames(expected, EXPECTED, 'expected');
  const { priority, status, scheduledTime, tags } = expected as ExpectedExecution;
  if (priority !== undefined) parsePriority(priority, 'expected.priority');
  if (status !== undefined && !(status in TaskStatus))
    throw new InvalidOptionError('expected.status', status, Object.keys(TaskStatus).join(', '));
  if (scheduledTime !== undefined && Number.isNaN(instantOf(scheduledTime)))
    throw new InvalidDateError('expected.scheduledTime', scheduledTime);
  if (tags !== undefined && !Array.isArray(tags)) throw new InvalidOptionError('expected.tags', tags, 'a list of tags');
}

export function matches(execution: TaskExecution, expected: ExpectedExecution): boolean {
  const { payload, priority, status, queue, scheduledTime, tags, workflowId } = expected;
  return (
    (payload === undefined || contains(execution.payload, payload)) &&
    (priority === undefined || execution.priority === parsePriority(priority)) &&
    (status === undefined || execution.status === status) &&
    (queue === undefined || execution.queue === queue) &&
    (scheduledTime === undefined || new Date(execution.scheduledTime).getTime() === instantOf(scheduledTime)) &&
    (tags === undefined || tags.every((tag) => execution.tags.includes(tag))) &&
    (workflowId === undefined || execution.workflowId === workflowId)
  );
}

/** One line for a message. */
export function describeExecution({ status, priority, scheduledTime, payload, tags }: TaskExecution): string {
  const labels = tags.length > 0 ? ` tags ${tags.join(', ')}` : '';
  return `${status} ${priorityName(priority)} due ${scheduledTime}${labels} payload ${JSON.stringify(payload)}`;
}

export function describeExpected(expected: ExpectedExecution): string {
  return Object.keys(expected).length === 0 ? 'anything' : JSON.stringify(expected);
}

function contains(found: unknown, expected: unknown): boolean {
  if (!isPlainObject(expected)) return isDeepStrictEqual(found, expected);
  if (!isPlainObject(found)) return false;
  return Object.entries(expected).every(([key, value]) => contains(found[key], value));
}
