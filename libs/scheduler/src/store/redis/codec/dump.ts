import { TERMINAL_STATUSES } from '../../../core/status.js';
import type { ScheduleRecord } from '../../../core/schedule.js';
import type { TaskRecord } from '../../../core/task-definition.js';
import { noCounts, noStatuses } from '../../no-counts.js';
import { pick } from './stats.js';
import { attemptsOf, errorOf, listOf, lockOf, orNull, rootCauseOf } from './views.js';
import type { DumpedWorkflow, LockView, StoredView } from './views.js';

interface DumpedExecution extends StoredView {
  place: string;
  leaseToken: number;
  crashes: number;
  budget: string;
  edges: [string, string, string, string | false][] | object;
  liveDependents: number;
  workerId?: string;
}

interface DumpView {
  executions: DumpedExecution[] | object;
  queues: object;
  delayed: object;
  unhandled: object;
  locks: (LockView & { parked: object[] })[] | object;
  schedules: string[] | object;
  workers: object;
  workflows: DumpedWorkflow[] | object;
  tasks: string[] | object;
  history: Record<string, object>;
  continuation: object;
  counters: Record<string, number>;
}

/** The whole state in the form of maps/dump.ts. */
export function dumpOf(view: DumpView): unknown {
  return {
    executions: listOf<DumpedExecution>(view.executions).map(execution),
    queues: listOf<Record<string, unknown>>(view.queues).map((q) => ({
      name: q['name'],
      paused: q['paused'],
      running: q['running'],
      rules: {
        rateLimit: q['max'] === false ? null : { max: q['max'], per: q['per'] },
        concurrency: orNull(q['concurrency']),
      },
      declared: orNull(q['declared']),
      ready: listOf<object>(q['ready'] as object).map(listOf),
    })),
    delayed: listOf(view.delayed),
    unhandled: listOf<[string, object[]]>(view.unhandled).map(([queue, levels]) => [queue, levels.map(listOf)]),
    locks: listOf<LockView & { parked: object[] }>(view.locks).map((each) => ({
      ...lockOf(each),
      remaining: undefined,
      reserved: orNull(each.reserved),
      parked: each.parked.map(listOf),
    })),
    schedules: listOf<string>(view.schedules).map((text) => JSON.parse(text) as ScheduleRecord),
    workers: listOf<{ running: object }>(view.workers).map((w) => ({ ...w, running: listOf(w.running) })),
    workflows: listOf<DumpedWorkflow>(view.workflows).map((w) => ({
      workflowId: w.id,
      status: w.status,
      open: w.open,
      nodes: listOf<{ ref: string; id: string; status: string }>(w.nodes).map((n) => [n.ref, n.id, n.status]),
    })),
    tasks: listOf<string>(view.tasks).map((text) => JSON.parse(text) as TaskRecord),
    history: Object.fromEntries(TERMINAL_STATUSES.map((status) => [status, listOf(view.history[status])])),
    continuation: listOf<{ executionId: string; kind: string; next: number }>(view.continuation)
      .filter(({ kind }) => kind !== 'drop')
      .map(({ executionId, kind, next }) => [executionId, kind, next]),
    counters: pick(noCounts(), view.counters),
    byStatus: pick(noStatuses(), view.counters),
  };
}

function execution(row: DumpedExecution): unknown {
  return {
    executionId: row.executionId,
    status: row.status,
    place: row.place,
    priority: row.priority,
    payload: row.payload === '' ? null : row.payload,
    at: row.dueAt,
    createdTime: row.createdAt,
    startedTime: row.startedAt,
    completedTime: row.completedAt,
    cancelRequestedTime: row.cancelRequestedAt,
    leaseToken: row.leaseToken,
    run: row.runs,
    failures: row.failures,
    snoozes: row.snoozes,
    crashes: row.crashes,
    budget: row.budget.startsWith(';') ? row.budget.slice(1) : null,
    result: row.result ?? null,
    error: errorOf(row.error),
    reason: row.reason ?? null,
    attempts: row.attempts === undefined ? null : attemptsOf(row.attempts),
    taskId: row.taskId,
    queue: row.queue,
    workerId: row.workerId ?? null,
    edges: listOf<[string, string, string, string | false]>(row.edges).map(([ref, type, state, upstream]) => [
      ref,
      type,
      state,
      orNull(upstream),
    ]),
    liveDependents: row.liveDependents,
    rootCause: rootCauseOf(row.rootCause) ?? null,
  };
}
