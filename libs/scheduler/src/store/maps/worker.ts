import type { ExpiredRun, WorkerInfo } from '../records.js';
import { expired as expiredRuns } from '../../engine/worker.js';
import type { ExchangeReply, ExchangeRequest } from '../task-store.js';
import { iso } from '../views.js';
import type { Row, WorkerRow } from './rows.js';
import type { State } from './state.js';

/** The reply to an exchange that arrives after a newer one of its pipeline: it changes nothing. */
export function late({ settlements }: ExchangeRequest): ExchangeReply {
  return { known: true, settled: settlements.map(() => 'stale'), claims: [], more: false };
}

/** Runs that exceed their maximum duration, with the data that the caller needs. */
export function expired(s: State, limit: number): ExpiredRun[] {
  return expiredRuns(s, limit).map(({ execution, bound }) => {
    const { id, leaseToken, task, runs, failures, budget } = execution as Row;
    return { executionId: id, leaseToken, taskId: task.taskId, run: runs, failures, budget, limit: bound };
  });
}

export function info(worker: WorkerRow): WorkerInfo {
  return {
    ...worker.registration,
    tasks: [...worker.tasks],
    queues: [...worker.registration.queues],
    state: worker.draining ? 'draining' : 'active',
    startedTime: iso(worker.startedTime),
    lastBeatTime: iso(worker.lastBeatTime),
    leaseUntil: iso(worker.leaseUntil),
    running: worker.running.size,
  };
}
