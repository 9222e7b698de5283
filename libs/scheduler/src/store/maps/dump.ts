import type { LockInfo } from '../records.js';
import * as lock from './lock-view.js';
import { parkedOf } from './lock-waiters.js';
import { declaredOf, rulesOf } from './queue-table.js';
import { toPort } from './schedule-row.js';
import { WorkflowRow, type Row } from './rows.js';
import type { State } from './state.js';

/** The whole state in one canonical form: plain, ordered, free of what only this store needs. */
export function dump(s: State): unknown {
  const rows = [...s.executions.values()].sort((a, b) => a.order - b.order);
  return {
    executions: rows.map(execution),
    queues: sorted(s.queues).map(([name, q]) => ({
      name,
      paused: q.paused,
      running: q.running,
      rules: rulesOf(q),
      declared: declaredOf(q),
      ready: q.ready.map(ids),
    })),
    delayed: [...s.delayed.values()].sort((a, b) => a.at - b.at || a.order - b.order).map((row) => [row.id, row.at]),
    unhandled: sorted(new Map(s.unhandled.all())).map(([queue, levels]) => [queue, levels.map(ids)]),
    locks: [...s.locks.values()]
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map((each) => ({
        ...withoutTime(lock.info(each, 0)),
        reserved: each.reserved ?? null,
        parked: parkedOf(each).map(ids),
      })),
    schedules: [...s.schedules.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).map(toPort),
    workers: sorted(s.workers).map(([workerId, w]) => ({
      workerId,
      draining: w.draining,
      leaseUntil: w.leaseUntil,
      running: ids(w.running),
    })),
    workflows: sorted(s.workflows).map(([workflowId, w]) => ({
      workflowId,
      status: w.status,
      open: w.open,
      nodes: w.nodes.map((node) => [node.ref, node.row.id, node.row.status]),
    })),
    tasks: sorted(s.tasks).flatMap(([taskId, task]) => (task.mirror ? [{ ...task.mirror, taskId }] : [])),
    history: Object.fromEntries(
      Object.entries(s.history.shelves).map(([status, { units }]) => [
        status,
        [...units].map((unit) => (unit instanceof WorkflowRow ? unit.workflowId : unit.id)),
      ]),
    ),
    continuation: s.steps.steps.map((step) => [step.row.id, step.kind, step.next]),
    counters: s.counters,
    byStatus: s.byStatus,
  };
}

/** What is left of a lock is no state: it shrinks by itself. */
function withoutTime({ remaining: _remaining, ...rest }: LockInfo): Omit<LockInfo, 'remaining'> {
  return rest;
}

/** What every store says of an execution in the same words. */
function execution(row: Row): unknown {
  const { id, status, place, priority, payload, at, createdTime, failures, snoozes, crashes, budget } = row;
  return {
    ...{ executionId: id, status, place, priority, payload, at, createdTime, failures, snoozes, crashes, budget },
    startedTime: row.startedAt,
    completedTime: row.completedAt,
    cancelRequestedTime: row.cancelRequestedAt,
    leaseToken: row.leaseToken,
    run: row.runs,
    result: row.result ?? null,
    error: row.error ?? null,
    reason: row.reason ?? null,
    attempts: row.attempts ?? null,
    taskId: row.task.taskId,
    queue: row.queue.name,
    workerId: row.worker?.registration.workerId ?? null,
    edges: row.extra?.edges?.map((edge) => [edge.ref, edge.type, edge.state, edge.upstream?.id ?? null]) ?? [],
    liveDependents: row.extra?.liveDependents ?? 0,
    rootCause: row.rootCause ?? null,
  };
}

function sorted<T>(map: Iterable<[string, T]>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

function ids(rows: Iterable<Row>): string[] {
  return [...rows].map((row) => row.id);
}
