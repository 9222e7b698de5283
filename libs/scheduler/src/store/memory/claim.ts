import { CLAIM_PER_STEP, INSPECT_FLOOR, SUSPECT_CRASHES } from '../../core/limits.js';
import type { JsonText } from '../../core/json.js';
import type { Claim } from '../records.js';
import type { ExchangeRequest } from '../task-store.js';
import * as lock from '../../engine/lock.js';
import * as queue from './queue.js';
import { addStart } from '../../engine/rate-limit.js';
import { Deadline, type QueueRow, type Row, type WorkerRow } from './rows.js';
import type { State } from './state.js';
import { move, tell } from './transition.js';

/** What one claim may still take. */
interface Budget {
  free: number;
  inspect: number;
  reserved: { queue: string; priority: number; count: number }[];
  capacity: Map<string, number>;
}

/** Claims the best of what is ready: strictly by level, first in first out, queues in rotation on one level. */
export function claim(
  s: State,
  worker: WorkerRow,
  request: ExchangeRequest,
  now: number,
): { claims: Claim[]; more: boolean } {
  const claims: Claim[] = [];
  // Nothing is claimed ahead: the next claim costs no trip.
  const want = Math.min(request.want - (request.ahead ?? 0), CLAIM_PER_STEP);
  if (want <= 0 || worker.draining) return { claims, more: false };
  const budget: Budget = {
    free: want,
    inspect: Math.max(INSPECT_FLOOR, 4 * want),
    reserved: (request.reserved ?? []).map((each) => ({ ...each })),
    capacity: new Map(Object.entries(request.capacity ?? {})),
  };
  const queues = worker.hello.queues.map((name) => s.queue(name)).filter((q) => !q.paused && queue.hasRoom(s, q, now));
  const start = queues.length > 1 ? worker.rotation++ % queues.length : 0;
  for (let level = 0; level < 5 && budget.free > 0; level++) {
    claimUnhandled(s, worker, level, queues, budget, claims, now);
    claimLevel(s, worker, level, [...queues.slice(start), ...queues.slice(0, start)], budget, claims, now);
    if (budget.inspect <= 0) return { claims, more: true };
  }
  return { claims, more: request.want - (request.ahead ?? 0) > want && claims.length === want };
}

/** One entry of each queue in turn, until the level or the budget is spent. */
function claimLevel(
  s: State,
  worker: WorkerRow,
  level: number,
  queues: readonly QueueRow[],
  budget: Budget,
  claims: Claim[],
  now: number,
): void {
  const waiting = queues.filter((each) => each.ready[level]!.size > 0);
  for (let turn = 0; waiting.length > 0 && budget.free > 0 && budget.inspect > 0;) {
    const row = firstFor(worker, waiting[turn]!.ready[level]!);
    if (row !== null && mayTake(s, budget, row.queue, level, now)) {
      budget.inspect--;
      consider(s, worker, row, budget, claims, now);
      turn++;
    } else {
      waiting.splice(turn, 1);
    }
    if (turn >= waiting.length) turn = 0;
  }
}

/** The first of a list that this worker may take: one that is suspected of crashes waits while another such runs there. */
function firstFor(worker: WorkerRow, list: Iterable<Row>): Row | null {
  for (const row of list) if (!isSuspect(row) || !holdsSuspect(worker)) return row;
  return null;
}

function isSuspect(row: Row): boolean {
  return row.crashes >= SUSPECT_CRASHES;
}

function holdsSuspect(worker: WorkerRow): boolean {
  for (const row of worker.running) if (isSuspect(row)) return true;
  return false;
}

/** Executions that others could not run come first at their level for a worker that can. */
function claimUnhandled(
  s: State,
  worker: WorkerRow,
  level: number,
  queues: QueueRow[],
  budget: Budget,
  claims: Claim[],
  now: number,
): void {
  if (s.unhandledTasks.size === 0) return;
  for (const task of s.unhandledTasks) {
    if (!worker.tasks.has(task.taskId)) continue;
    for (const row of task.unhandled[level]!) {
      if (budget.inspect <= 0) return;
      if (!queues.includes(row.queue) || !mayTake(s, budget, row.queue, level, now)) continue;
      if (isSuspect(row) && holdsSuspect(worker)) continue;
      budget.inspect--;
      consider(s, worker, row, budget, claims, now);
    }
    if (task.unhandled.every((rows) => rows.size === 0)) s.unhandledTasks.delete(task);
  }
}

/** Takes the entry out of its list, and claims it, or parks it on what it lacks. */
function consider(s: State, worker: WorkerRow, row: Row, budget: Budget, claims: Claim[], now: number): void {
  row.list!.remove(row);
  if (!worker.tasks.has(row.task.taskId)) {
    row.place = 'unhandled';
    s.touch(row);
    row.task.unhandled[row.priority].pushTail(row);
    s.unhandledTasks.add(row.task);
    return;
  }
  if (row.lockKey !== undefined && !lock.takeOrPark(s, row)) return;
  spend(budget, row.queue, row.priority);
  claims.push(start(s, worker, row, now));
}

function mayTake(s: State, budget: Budget, q: QueueRow, level: number, now: number): boolean {
  if (budget.free <= 0 || !queue.hasRoom(s, q, now)) return false;
  if (budget.capacity.size > 0 && (budget.capacity.get(q.name) ?? 1) <= 0) return false;
  if (budget.reserved.length === 0) return true;
  let held = 0;
  for (const slot of budget.reserved) {
    if (slot.queue === q.name && slot.priority === level && slot.count > 0) return true;
    held += slot.count;
  }
  return budget.free > held;
}

function spend(budget: Budget, q: QueueRow, level: number): void {
  budget.free--;
  const capacity = budget.capacity.get(q.name);
  if (capacity !== undefined) budget.capacity.set(q.name, capacity - 1);
  const slot = budget.reserved.find((each) => each.queue === q.name && each.priority === level && each.count > 0);
  if (slot) slot.count--;
}

function start(s: State, worker: WorkerRow, row: Row, now: number): Claim {
  move(s, row, 'claim', 'RUNNING');
  row.place = 'running';
  row.leaseToken++;
  row.runs++;
  row.worker = worker;
  row.workerId = worker.hello.workerId;
  row.startedAt = now;
  row.reason = undefined;
  if (row.extra !== null) row.extra.stepped = 0;
  worker.running.pushTail(row);
  row.queue.running++;
  const { rateLimit } = row.queue.rules;
  if (rateLimit !== null) {
    addStart(row.queue.starts, rateLimit.per, now);
    s.touch(row.queue);
  }
  s.counters.started++;
  if (row.timeout !== null) {
    const extra = row.more();
    extra.bound = new Deadline(now + row.timeout + s.settings.lease, ++s.sequence, row);
    s.bounds.push(extra.bound);
  }
  tell(s, row, 'started', now);
  const extra = row.extra;
  return {
    executionId: row.id,
    leaseToken: row.leaseToken,
    taskId: row.task.taskId,
    queue: row.queue.name,
    priority: row.priority,
    payload: row.payload,
    run: row.runs,
    failures: row.failures,
    snoozes: row.snoozes,
    budget: row.budget,
    scheduledTime: row.at,
    startedTime: now,
    timeout: row.timeout,
    workflowId: extra?.workflow?.workflowId ?? null,
    lockKey: extra?.heldLock ?? null,
    fencingToken: extra?.fencingToken ?? null,
    results: extra === null ? null : results(s, row),
  };
}

/** What the dependencies have left, by ref; null for one without a result. Refs with a $ are the store's own. */
export function results(s: State, row: Row): Record<string, JsonText | null> | null {
  const edges = row.extra?.edges?.filter(({ ref }) => !ref.startsWith('$')) ?? [];
  if (edges.length === 0) return null;
  const found: Record<string, JsonText | null> = Object.create(null) as Record<string, JsonText | null>;
  for (const { ref, upstream } of edges) {
    found[ref] = upstream !== null && s.executions.has(upstream.id) ? (upstream.result ?? null) : null;
  }
  return found;
}
