import type { RunToken } from '../../core/commands.js';
import type { ExpiredRun, WorkerHello, WorkerInfo } from '../records.js';
import type { BeatReply, ExchangeReply, ExchangeRequest } from '../task-store.js';
import * as lock from '../../engine/lock.js';
import { endLockWait, rescue, takeBack } from '../../engine/rescue.js';
import { finalizeCancel } from '../../engine/settle.js';
import { runTime } from './history.js';
import type { Lane } from './lane.js';
import { WorkerRow, type Row } from './rows.js';
import { current } from './settle.js';
import type { State } from './state.js';

export function hello(s: State, about: WorkerHello, now: number): void {
  let worker = s.workers.get(about.workerId);
  if (worker) {
    worker.hello = about;
    worker.tasks = new Set(about.tasks);
    for (const lane of worker.lanes.values()) lane.isGreeted = true;
  } else {
    s.workers.set(about.workerId, (worker = new WorkerRow(about, now)));
    s.effects.push({ kind: 'worker', transition: 'joined', workerId: about.workerId, time: now });
  }
  touch(s, worker, now);
  for (const name of about.queues) if (s.ready.count(s.queue(name)) > 0) s.woken.add(name);
  for (const task of s.unhandled.tasks) {
    if (!worker.tasks.has(task.taskId)) continue;
    for (const level of task.unhandled) if (level.head) s.woken.add(level.head.queue.name);
  }
}

export function touch(s: State, worker: WorkerRow, now: number): void {
  worker.lastBeatTime = now;
  worker.leaseUntil = now + s.settings.lease;
}

/** Whether a trip arrives behind a newer one. A worker that has joined again begins its lanes anew. */
export function isLate({ sequence, isGreeted }: Lane, request: ExchangeRequest): boolean {
  return request.sequence < sequence && !(isGreeted && request.sequence === 1);
}

/** The reply to a trip that arrives behind a newer one of its lane: it changes nothing. */
export function late({ settlements }: ExchangeRequest): ExchangeReply {
  return { known: true, settled: settlements.map(() => 'stale'), claims: [], more: false };
}

export function beat(s: State, workerId: string, runs: readonly RunToken[], now: number): BeatReply {
  const worker = s.workers.get(workerId);
  if (!worker) return { known: false, cancelRequested: [], lost: runs };
  touch(s, worker, now);
  const cancelRequested: RunToken[] = [];
  for (const row of worker.running) {
    lock.renew(s, row);
    if (row.cancelRequestedAt > 0) cancelRequested.push({ executionId: row.id, leaseToken: row.leaseToken });
  }
  const lost = runs.filter((run) => current(s, run)?.worker !== worker);
  return { known: true, cancelRequested, lost };
}

/** Brings back runs of workers whose lease is over, newest first, so that the oldest ends up at the head. */
export function rescueLost(s: State, limit: number, now: number): number {
  let done = 0;
  for (const worker of s.workers.values()) {
    if (worker.leaseUntil > now) continue;
    while (done < limit && worker.running.tail) {
      rescue(s, worker.running.tail);
      done++;
    }
    if (worker.running.size === 0) {
      s.workers.delete(worker.hello.workerId);
      s.effects.push({ kind: 'worker', transition: 'lost', workerId: worker.hello.workerId, time: now });
    }
  }
  return done;
}

export function goodbye(s: State, workerId: string, now: number): void {
  const worker = s.workers.get(workerId);
  if (!worker) return;
  // No lock that its runs leave is reserved for what only it could run.
  worker.draining = true;
  while (worker.running.tail) takeBack(s, worker.running.tail);
  s.workers.delete(workerId);
  s.effects.push({ kind: 'worker', transition: 'left', workerId, time: now });
}

/** Runs past their bound: their own timeout (with a lease of patience for the worker), or the store's. */
export function expired(s: State, limit: number, now: number): ExpiredRun[] {
  const found: ExpiredRun[] = [];
  const list = (row: Row, bound: number): void => {
    if (found.length < limit)
      found.push({
        executionId: row.id,
        leaseToken: row.leaseToken,
        taskId: row.task.taskId,
        run: row.runs,
        failures: row.failures,
        budget: row.budget,
        limit: bound,
      });
  };
  for (const bound of s.bounds.values()) if (bound.at <= now) list(bound.row, bound.row.timeout!);
  for (const worker of s.workers.values()) {
    for (const row of worker.running) {
      if (runTime(row, now) < s.settings.maxAttemptDuration) break;
      if (row.extra?.bound == null || row.extra.bound.at > now) list(row, s.settings.maxAttemptDuration);
    }
  }
  return found;
}

/** Ends runs whose cancel was not heeded within the grace, and waits for a lock that took too long. */
export function timeOut(s: State, now: number): number {
  let done = 0;
  for (let grace = s.graces.popDue(now); grace; grace = s.graces.popDue(now), done++) finalizeCancel(s, grace.row);
  const { waits } = s.lockWaiters;
  for (let wait = waits.popDue(now); wait; wait = waits.popDue(now), done++) endLockWait(s, wait.row);
  return done;
}

export function drain(s: State, workerId: string, now: number): void {
  const worker = s.workers.get(workerId);
  if (!worker || worker.draining) return;
  worker.draining = true;
  s.effects.push({ kind: 'worker', transition: 'draining', workerId, time: now });
}

export function info(worker: WorkerRow): WorkerInfo {
  return {
    ...worker.hello,
    tasks: [...worker.tasks],
    queues: [...worker.hello.queues],
    state: worker.draining ? 'draining' : 'active',
    startedTime: new Date(worker.startedTime).toISOString(),
    lastBeatTime: new Date(worker.lastBeatTime).toISOString(),
    leaseUntil: new Date(worker.leaseUntil).toISOString(),
    running: worker.running.size,
  };
}
