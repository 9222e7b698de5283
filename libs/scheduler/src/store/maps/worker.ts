import type { ExpiredRun, WorkerInfo } from '../records.js';
import { expired as expiredRuns } from '../../engine/worker.js';
import type { ExchangeReply, ExchangeRequest } from '../task-store.js';
import { iso } from '../views.js';
import type { Row, WorkerRow } from './rows.js';
import type { State } from './state.js';

/** The reply to a trip that arrives behind a newer one of its lane: it changes nothing. */
export function late({ settlements }: ExchangeRequest): ExchangeReply {
  return { known: true, settled: settlements.map(() => 'stale'), claims: [], more: false };
}

/** Runs past their bound, as the caller needs them to decide. */
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
