import type { Clock } from '../core/clock.js';
import { checkOptionNames, checkSignal } from '../core/check-options.js';
import { HandlerNotFoundError, InvalidDateError, InvalidOptionError, TaskNotRegisteredError } from '../core/errors.js';
import { ulid } from '../core/ids.js';
import { instantOf } from '../core/instant.js';
import { parseJson, serializePayload } from '../core/json.js';
import { onAbort } from '../core/on-abort.js';
import { mergePayload } from '../core/merge-payload.js';
import type { Claim } from '../store/records.js';
import { resultLater } from '../task/handler-result.js';
import type { HandlerRegistry } from '../task/handler-registry.js';
import type { TaskCatalog } from '../task/task-catalog.js';
import { TaskContext } from '../task/task-context.js';

/** Values of the handler's TaskContext; all have defaults. */
export interface HandlerRunOptions {
  /** Default: a new id. */
  executionId?: string;
  /** Default 1. */
  attempt?: number;
  /** Default: now, by the clock. */
  scheduledTime?: Date | string | number;
  /** Results of its dependencies, by taskId or ref. Default: none. */
  results?: Readonly<Record<string, unknown>>;
  /** Default: 1 for a task with requireLock, otherwise null. */
  fencingToken?: number | null;
  /** Default null. */
  workflowId?: string | null;
  /** Aborts `ctx.signal`, with its reason. */
  signal?: AbortSignal;
  /** Called for each ctx.progress. */
  onProgress?: (fraction: number, note: string | null) => void;
  /** Called for each line of ctx.log. */
  onLog?: (line: string) => void;
}

const OPTIONS = [
  'executionId',
  'attempt',
  'scheduledTime',
  'results',
  'fencingToken',
  'workflowId',
  'signal',
  'onProgress',
  'onLog',
];

function checkRunOptions(options: unknown): void {
  checkOptionNames(options, OPTIONS, 'ctx');
  const { signal, attempt, scheduledTime } = options as HandlerRunOptions;
  checkSignal(signal);
  if (attempt !== undefined && !(Number.isInteger(attempt) && attempt >= 1))
    throw new InvalidOptionError('ctx.attempt', attempt, 'a whole number, 1 or more');
  if (scheduledTime !== undefined && Number.isNaN(instantOf(scheduledTime)))
    throw new InvalidDateError('ctx.scheduledTime', scheduledTime);
}

/**
 * Runs a handler alone, as a worker would: with its guards, pipes, interceptors, filters and scope; nothing is stored.
 * The payload is merged over the task's and must be JSON, as in scheduleTask.
 */
export async function runHandler(
  parts: { catalog: TaskCatalog; handlers: HandlerRegistry; clock: Clock },
  taskId: string,
  given: unknown,
  options: HandlerRunOptions,
): Promise<unknown> {
  checkRunOptions(options);
  const task = parts.catalog.get(taskId);
  if (!task) throw new TaskNotRegisteredError(taskId);
  const handler = parts.handlers.get(task.funcPath);
  if (!handler) throw new HandlerNotFoundError(task.funcPath, taskId);
  const now = parts.clock.now();
  const payload = serializePayload(given === undefined ? task.payload : mergePayload(task.payload, given));
  const results = Object.entries(options.results ?? {}).map(([ref, result]) => [ref, serializePayload(result)]);
  const claim: Claim = {
    executionId: options.executionId ?? ulid(now),
    leaseToken: options.attempt ?? 1,
    taskId,
    queue: task.queue,
    priority: task.priority,
    payload,
    run: options.attempt ?? 1,
    failures: (options.attempt ?? 1) - 1,
    snoozes: 0,
    budget: null,
    scheduledTime: options.scheduledTime === undefined ? now : instantOf(options.scheduledTime),
    startedTime: now,
    timeout: task.timeout,
    workflowId: options.workflowId ?? null,
    lockKey: null,
    fencingToken: options.fencingToken === undefined ? (task.requireLock ? 1 : null) : options.fencingToken,
    results: Object.fromEntries(results) as Claim['results'],
  };
  const ctx = new TaskContext(claim, (_claim, { progress, logs }) => {
    if (progress) options.onProgress?.(progress.fraction, progress.note);
    for (const line of logs ?? []) options.onLog?.(line);
  });
  const abort = (): void => ctx.abort(options.signal!.reason);
  if (options.signal?.aborted) abort();
  const forget = options.signal && onAbort(options.signal, abort);
  try {
    const returned = await handler(payload === null ? undefined : parseJson(payload), ctx);
    return await (resultLater(returned, () => ctx.signal) ?? returned);
  } finally {
    forget?.();
  }
}
