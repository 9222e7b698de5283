import { createHash } from 'node:crypto';
import type { EdgeBinding, LockNeed, NewEdge, NewExecution } from './commands.js';
import { parseDuration, TEN_YEARS, type Duration } from './duration.js';
import { InvalidDateError, InvalidOptionError } from './errors.js';
import { instantOf } from './instant.js';
import { renderLockKey } from './lock-key.js';
import { mergePayload } from './merge-payload.js';
import { toPayload, valueOf } from './payload.js';
import { checkKey, mergeTags } from './names.js';
import { parsePriority, type TaskPriority, type TaskPriorityInput } from './priority.js';
import { budgetOf } from './run-budget.js';
import type { ResolvedTask } from './task-definition.js';

/** Options of one execution. */
export interface ScheduleOptions<P = unknown> {
  /** Merged over the definition's payload if both are plain objects, otherwise replaces it. */
  payload?: P;
  /** Earliest start; an instant in the past means now. */
  scheduledTime?: Date | string | number;
  /** Earliest start, relative to the store's now. */
  delay?: Duration;
  /** How long it may wait for its first run, see TaskDefinition. Default: the task's. */
  ttl?: Duration;
  /** Default: the task's. */
  priority?: TaskPriorityInput;
  /** Binds declared dependencies, by taskId, to these executions. */
  after?: Readonly<Record<string, string>>;
  /**
   * The same key within 24 hours returns the same execution; with a different request it throws
   * IdempotencyConflictError.
   */
  idempotencyKey?: string;
  /** Added to the tags of the task. */
  tags?: readonly string[];
}

// 'taskId' is a field of the requests of scheduleTasks.
const ALLOWED = new Set([
  ...['taskId', 'payload', 'scheduledTime', 'delay', 'ttl', 'priority', 'after', 'idempotencyKey', 'tags'],
]);
const NONE: ScheduleOptions = {};

/** Plans an execution of the task: all decisions that do not need the store. Pure. */
export function planExecution(
  task: ResolvedTask,
  executionId: string,
  now: number,
  options: ScheduleOptions = NONE,
  edges: readonly NewEdge[] | null = null,
): NewExecution {
  if (options === NONE) return executionOf(task, executionId, task, edges);
  checkOptions(options);
  const { payload, tags, priority, scheduledTime, delay, idempotencyKey } = options;
  const decided: Decided = {
    payload: payload === undefined ? task.payload : mergePayload(task.payload, payload),
    priority: priority === undefined ? task.priority : parsePriority(priority),
    tags: tags === undefined ? task.tags : mergeTags(task.tags, tags, 'tags'),
  };
  const execution = executionOf(task, executionId, decided, edges);
  if (scheduledTime !== undefined) execution.scheduledTime = parseInstant(scheduledTime, 'scheduledTime', now);
  if (delay !== undefined) execution.delay = parseDuration(delay, 'delay');
  if (options.ttl !== undefined) execution.ttl = parseDuration(options.ttl, 'ttl', { min: 1 });
  if (idempotencyKey !== undefined) {
    const key = checkKey(idempotencyKey, 'idempotencyKey');
    execution.idempotency = { key, fingerprint: fingerprint(execution, task, options) };
  }
  return execution;
}

/** Decisions about an execution beyond its task. */
interface Decided {
  payload: unknown;
  priority: TaskPriority;
  tags: readonly string[];
}

/** An execution that is due now, from checked values. Pure. */
export function executionOf(
  task: ResolvedTask,
  executionId: string,
  { payload, priority, tags }: Decided,
  edges: readonly NewEdge[] | null,
  workflow: NewExecution['workflow'] = null,
): NewExecution {
  const execution: NewExecution = {
    executionId,
    taskId: task.taskId,
    queue: task.queue,
    priority,
    payload: toPayload(payload),
    scheduledTime: null,
    delay: null,
    lock: task.requireLock ? lockNeed(task, payload) : null,
    timeout: task.timeout,
    edges,
    tags: tags.length > 0 ? tags : null,
    workflow,
    idempotency: null,
    budget: budgetOf(task),
  };
  // Set afterwards: a literal with a spread costs several times as much, here for each execution.
  if (task.ttl !== undefined) execution.ttl = task.ttl;
  return execution;
}

/** The task's declared dependencies as edges; `bind` gives their upstream. */
export function planEdges(task: ResolvedTask, bind: (taskId: string) => EdgeBinding): NewEdge[] | null {
  if (task.dependencies.length === 0) return null;
  return task.dependencies.map((each) => ({ ...each, ref: each.taskId, bind: bind(each.taskId) }));
}

/**
 * ms of an instant given as a Date, ISO 8601 text with a zone, a date (midnight in UTC) or ms.
 * @throws InvalidDateError if it is invalid, or more than ten years ahead
 */
export function parseInstant(value: unknown, field: string, now: number): number {
  const time = instantOf(value);
  if (!Number.isFinite(time) || time < 0 || time > now + TEN_YEARS) throw new InvalidDateError(field, value);
  return Math.round(time);
}

function checkOptions(options: ScheduleOptions): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new InvalidOptionError('options', options, 'an object');
  for (const key in options) {
    if (!ALLOWED.has(key) && Object.hasOwn(options, key))
      throw new InvalidOptionError(
        key,
        options[key as keyof ScheduleOptions],
        `only ${[...ALLOWED].join(', ')} are options`,
      );
  }
  if (options.delay !== undefined && options.scheduledTime !== undefined)
    throw new InvalidOptionError('delay', options.delay, 'delay or scheduledTime, not both');
}

/** @throws InvalidOptionError if the payload lacks a value of the key */
export function lockNeed(task: ResolvedTask, payload: unknown): LockNeed {
  return {
    key: renderLockKey(task.lockKey, task.taskId, payload),
    timeout: task.lockTimeout,
    maxWait: task.lockMaxWait,
  };
}

/** Identifies equal requests, whatever the order of their keys. An option that changes nothing equals an omitted one. */
function fingerprint(
  { payload, priority, ttl }: NewExecution,
  task: ResolvedTask,
  { scheduledTime, delay, after }: ScheduleOptions,
): string {
  const instant = scheduledTime === undefined ? null : instantOf(scheduledTime);
  const wait = delay === undefined ? 0 : parseDuration(delay, 'delay', { bareSeconds: 'accept' });
  const body = canonical([
    payload === null ? null : valueOf(payload),
    instant,
    wait === 0 ? null : wait,
    priority === task.priority ? null : priority,
    Object.keys(after ?? {}).length === 0 ? null : after,
    // Absent, as in fingerprints of releases that did not know it.
    ...(ttl === task.ttl ? [] : [ttl]),
  ]);
  return createHash('sha256').update(body).digest('base64url');
}

function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`;
}
