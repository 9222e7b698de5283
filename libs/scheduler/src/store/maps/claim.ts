import type { JsonText } from '../../core/json.js';
import { claim as claimNext } from '../../engine/claim.js';
import type { Claim } from '../records.js';
import type { ExchangeRequest } from '../task-store.js';
import type { Row, WorkerRow } from './rows.js';
import type { State } from './state.js';

/** Claims for a worker. Nothing is prefetched, since the next claim costs no round trip. */
export function claim(s: State, worker: WorkerRow, request: ExchangeRequest): { claims: Claim[]; more: boolean } {
  const claims: Claim[] = [];
  const want = request.demand - (request.prefetch ?? 0);
  const reserved = request.reserved?.map((each) => ({ ...each })) ?? [];
  const capacity = Object.entries(request.capacity ?? {}).map(([queue, count]) => ({ queue, count }));
  const more = claimNext(s, worker, { want, slots: want, reserved, capacity }, (execution) => {
    claims.push(toClaim(s, execution as Row));
  });
  return { claims, more };
}

function toClaim(s: State, row: Row): Claim {
  const extra = row.extra;
  return {
    executionId: row.id,
    leaseToken: row.leaseToken,
    taskId: row.task.taskId,
    queue: row.queue.name,
    priority: row.priority,
    payload: row.given,
    run: row.runs,
    failures: row.failures,
    snoozes: row.snoozes,
    budget: row.budget,
    scheduledTime: row.at,
    startedTime: row.startedAt,
    timeout: row.timeout ?? null,
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
