/** Claims of workers: strictly by level, first in first out, the queues of one level in turns. */
import { CLAIM_PER_STEP, INSPECT_FLOOR, SUSPECT_CRASHES } from '../core/limits.js';
import * as lock from './lock.js';
import { countStart, hasRoomToClaim, isLimited } from './queue.js';
import type { ClaimRequest, ExecutionRecord, QueueRecord, WorkerRecord } from './records.js';
import type { Tables } from './tables.js';
import { expire, isExpired, keepForGood } from './ttl.js';

/** Levels of priority. */
const LEVELS = 5;

/** A claim under way. */
interface Claiming {
  readonly worker: WorkerRecord;
  readonly request: ClaimRequest;
  /** The queues that it serves and that have room, in the order of their turns. */
  readonly queues: readonly QueueRecord[];
  /** Executions that it may still claim, those of them that can begin at once, and those that it may still examine. */
  free: number;
  slots: number;
  examine: number;
  taken: number;
  /** Whether its worker runs a suspect of crashes; undefined: not known yet. */
  runsSuspect?: boolean;
}

/**
 * Claims what a worker may start next.
 * @param add is called with each execution that it has claimed
 * @returns whether a bound has ended it, and not lack of work
 */
export function claim(
  t: Tables,
  worker: WorkerRecord,
  request: ClaimRequest,
  add: (execution: ExecutionRecord) => void,
): boolean {
  const want = Math.min(request.want, CLAIM_PER_STEP);
  if (want <= 0 || worker.draining === true) return false;
  if (t.ready.isFull()) return true;
  const examine = Math.max(INSPECT_FLOOR, want);
  const queues = inTurns(t, worker);
  const c: Claiming = { worker, request, queues, free: want, slots: request.slots, examine, taken: 0 };
  for (let level = 0; level < LEVELS && isOpen(t, c); level++) {
    claimUnhandled(t, c, level, add);
    claimLevel(t, c, level, add);
  }
  return c.examine <= 0 || t.ready.isFull() || (request.want > want && c.taken === want);
}

/** The queues that it serves and may claim from, beginning with another one at each claim. */
function inTurns(t: Tables, worker: WorkerRecord): readonly QueueRecord[] {
  const open: QueueRecord[] = [];
  for (const queue of t.workers.queuesOf(worker)) {
    if (queue.paused !== true && hasRoomToClaim(t, queue)) open.push(queue);
  }
  if (open.length < 2) return open;
  const first = worker.rotation < open.length ? worker.rotation : 0;
  worker.rotation = first + 1;
  t.workers.touch(worker);
  const queues: QueueRecord[] = [];
  for (let i = first; i < open.length; i++) queues.push(open[i]!);
  for (let i = 0; i < first; i++) queues.push(open[i]!);
  return queues;
}

function isOpen(t: Tables, c: Claiming): boolean {
  return c.free > 0 && c.examine > 0 && !t.ready.isFull();
}

/** One execution of each queue in turn, until the level or the claim is at its end. */
function claimLevel(t: Tables, c: Claiming, level: number, add: (execution: ExecutionRecord) => void): void {
  const waiting: QueueRecord[] = [];
  for (const queue of c.queues) if (!t.ready.isEmpty(queue, level)) waiting.push(queue);
  const mayRun = (execution: ExecutionRecord): boolean => !mustWait(t, c, execution);
  let turn = 0;
  while (waiting.length > 0 && isOpen(t, c)) {
    const queue = waiting[turn]!;
    const execution = firstOf(t, c, queue, level, mayRun);
    if (execution === undefined) {
      removeAt(waiting, turn);
    } else if (!mayBegin(t, c, execution, queue)) {
      // It is next, and waits for a slot: nothing overtakes it.
      c.free = 0;
    } else {
      t.ready.take(queue, level, execution);
      consider(t, c, execution, queue, level, add);
      turn++;
    }
    if (turn >= waiting.length) turn = 0;
  }
  t.ready.putBack();
}

function firstOf(
  t: Tables,
  c: Claiming,
  queue: QueueRecord,
  level: number,
  mayRun: (execution: ExecutionRecord) => boolean,
): ExecutionRecord | undefined {
  if (!mayTake(t, c, queue, level)) return undefined;
  return t.ready.first(queue, level, Math.min(c.free, c.examine), mayRun);
}

/** Executions that others could not run come first at their level for a worker that can. */
function claimUnhandled(t: Tables, c: Claiming, level: number, add: (execution: ExecutionRecord) => void): void {
  for (const queue of c.queues) {
    if (!isOpen(t, c)) return;
    if (mayTake(t, c, queue, level)) {
      t.unhandled.each(c.worker, queue, level, (execution) => {
        if (!isOpen(t, c) || !mayTake(t, c, queue, level)) return false;
        if (mustWait(t, c, execution)) return true;
        if (!mayBegin(t, c, execution, queue)) {
          c.free = 0;
          return false;
        }
        t.unhandled.remove(execution);
        consider(t, c, execution, queue, level, add);
        return true;
      });
    }
  }
}

/** Starts an execution that is in no list any more, or puts it where it waits for what it lacks. */
function consider(
  t: Tables,
  c: Claiming,
  execution: ExecutionRecord,
  queue: QueueRecord,
  level: number,
  add: (execution: ExecutionRecord) => void,
): void {
  c.examine--;
  if (isExpired(t, execution)) {
    expire(t, execution);
    return;
  }
  if (!t.workers.canRun(c.worker, execution)) {
    t.unhandled.add(execution);
    return;
  }
  if (execution.lockKey !== undefined && !lock.takeOrPark(t, execution)) return;
  spend(c, queue, level);
  if (isSuspect(execution)) {
    c.runsSuspect = true;
    c.worker.suspect = execution.id;
    t.workers.touch(c.worker);
  }
  start(t, c.worker, execution, queue);
  add(execution);
}

/** Begins a run. */
function start(t: Tables, worker: WorkerRecord, execution: ExecutionRecord, queue: QueueRecord): void {
  t.move(execution, 'claim', 'RUNNING');
  execution.leaseToken++;
  execution.runs++;
  execution.startedAt = t.now;
  execution.reason = undefined;
  keepForGood(t, execution);
  t.startRun(execution, worker);
  countStart(t, queue);
  t.count('started', 1);
  if (execution.timeout !== undefined) t.setRunDeadline(execution, t.now + execution.timeout + t.lease);
  t.emitExecution(execution, 'started');
}

/** Whether the limits of the queue, and the slots that the worker has for it, permit one more of that level. */
function mayTake(t: Tables, c: Claiming, queue: QueueRecord, level: number): boolean {
  if (c.free <= 0 || !hasRoomToClaim(t, queue)) return false;
  for (const slots of c.request.capacity) if (slots.queue === queue.name && slots.count <= 0) return false;
  let kept = 0;
  for (const slots of c.request.reserved) {
    if (slots.queue === queue.name && slots.priority === level && slots.count > 0) return true;
    kept += slots.count;
  }
  return c.free > kept;
}

function spend(c: Claiming, queue: QueueRecord, level: number): void {
  c.taken++;
  c.free--;
  c.slots--;
  for (const slots of c.request.capacity) if (slots.queue === queue.name) slots.count--;
  for (const slots of c.request.reserved) {
    if (slots.queue === queue.name && slots.priority === level && slots.count > 0) {
      slots.count--;
      return;
    }
  }
}

/** What can only wait in its worker for a slot is simple, and of a queue without limits: nothing is spent on it meanwhile. */
function mayBegin(t: Tables, c: Claiming, execution: ExecutionRecord, queue: QueueRecord): boolean {
  return c.slots > 0 || (t.isSimple(execution) && !isLimited(queue));
}

function isSuspect(execution: ExecutionRecord): boolean {
  return execution.crashes >= SUSPECT_CRASHES;
}

/** A suspect of crashes waits while its worker runs another one, so that it takes no other to its end. */
function mustWait(t: Tables, c: Claiming, execution: ExecutionRecord): boolean {
  if (!isSuspect(execution)) return false;
  c.runsSuspect ??= runsSuspect(t, c.worker);
  return c.runsSuspect;
}

/** It takes one at a time: the one that it has claimed last is the only one that it may run. */
function runsSuspect(t: Tables, worker: WorkerRecord): boolean {
  const last = t.execution(worker.suspect);
  return last !== undefined && isSuspect(last) && last.status === 'RUNNING' && last.workerId === worker.id;
}

function removeAt(queues: QueueRecord[], index: number): void {
  for (let i = index; i < queues.length - 1; i++) queues[i] = queues[i + 1]!;
  queues.pop();
}
