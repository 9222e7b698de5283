import type { NewExecution, NewWorkflow } from '../../core/commands.js';
import { IdempotencyConflictError, UnknownDependencyError } from '../../core/errors.js';
import { IDEMPOTENCY_MS } from '../../core/limits.js';
import type { Reason } from '../../core/status.js';
import { isTerminal } from '../../core/status.js';
import { resolveBound } from './dependency.js';
import * as edges from './edges.js';
import * as history from './history.js';
import * as queue from './queue.js';
import { Row, WorkflowRow } from './rows.js';
import type { State } from './state.js';
import { move, tell } from './transition.js';

/** Stores a batch, all or nothing. @returns ids in the order given: of the first one where an idempotency key repeats */
export function enqueue(s: State, batch: readonly NewExecution[], now: number): string[] {
  const { ids, fresh } = dedupe(s, batch, now);
  checkEdges(s, fresh);
  rememberKeys(s, fresh, now);
  store(s, fresh, now);
  return ids;
}

export function startWorkflow(s: State, command: NewWorkflow, executions: readonly NewExecution[], now: number): void {
  checkEdges(s, executions);
  const workflow = new WorkflowRow(command.workflowId, command.name, now, ++s.sequence);
  workflow.open = executions.length;
  s.workflows.set(command.workflowId, workflow);
  const rows = create(s, executions, now);
  for (const [i, row] of rows.entries()) {
    const node = command.nodes[i]!;
    row.more().workflow = workflow;
    workflow.nodes.push({ ref: node.ref, row, dependsOn: node.dependsOn.map((each) => ({ ...each })) });
  }
  admit(s, rows, executions, now);
}

export function store(s: State, fresh: readonly NewExecution[], now: number): Row[] {
  const rows = create(s, fresh, now);
  admit(s, rows, fresh, now);
  return rows;
}

/** Stores an execution that will not run, so that what was left out can be seen. */
export function storeLeftOut(s: State, command: NewExecution, reason: Reason, now: number): Row {
  const [row] = create(s, [command], now);
  tell(s, row!, 'scheduled', now);
  move(s, row!, 'skip', 'SKIPPED');
  row!.reason = reason;
  row!.completedTime = now;
  row!.place = 'kept';
  s.counters.skipped++;
  tell(s, row!, 'skipped', now);
  history.retire(s, row!, now);
  return row!;
}

/** Replaces repeats of idempotency keys by the executions they repeat. */
function dedupe(s: State, batch: readonly NewExecution[], now: number): { ids: string[]; fresh: NewExecution[] } {
  const ids: string[] = [];
  const fresh: NewExecution[] = [];
  const inBatch = new Map<string, NewExecution>();
  for (const command of batch) {
    const key = command.idempotency && `${command.taskId}|${command.idempotency.key}`;
    const earlier = key === null ? undefined : (live(s, key, now) ?? asRecord(inBatch.get(key)));
    if (earlier && earlier.fingerprint !== command.idempotency!.fingerprint)
      throw new IdempotencyConflictError(command.taskId, command.idempotency!.key);
    if (!earlier) {
      fresh.push(command);
      if (key !== null) inBatch.set(key, command);
    }
    ids.push(earlier?.executionId ?? command.executionId);
  }
  return { ids, fresh };
}

function rememberKeys(s: State, fresh: readonly NewExecution[], now: number): void {
  for (const { executionId, taskId, idempotency } of fresh) {
    if (idempotency === null) continue;
    const key = `${taskId}|${idempotency.key}`;
    s.idempotency.delete(key);
    s.idempotency.set(key, { executionId, fingerprint: idempotency.fingerprint, expiresAt: now + IDEMPOTENCY_MS });
  }
}

/** Drops keys whose day is over. @returns how many */
export function forgetKeys(s: State, limit: number, now: number): number {
  let done = 0;
  for (const [key, { expiresAt }] of s.idempotency) {
    if (done >= limit || expiresAt > now) break;
    s.idempotency.delete(key);
    done++;
  }
  return done;
}

function live(s: State, key: string, now: number): { executionId: string; fingerprint: string } | undefined {
  const found = s.idempotency.get(key);
  return found && found.expiresAt > now ? found : undefined;
}

function asRecord(command: NewExecution | undefined): { executionId: string; fingerprint: string } | undefined {
  return command && { executionId: command.executionId, fingerprint: command.idempotency!.fingerprint };
}

function checkEdges(s: State, batch: readonly NewExecution[]): void {
  let inBatch: Set<string> | undefined;
  for (const command of batch) {
    for (const edge of command.edges ?? []) {
      if (edge.bind === 'newest' || s.executions.has(edge.bind.executionId)) continue;
      inBatch ??= new Set(batch.map((each) => each.executionId));
      if (!inBatch.has(edge.bind.executionId))
        throw new UnknownDependencyError(command.taskId, edge.bind.executionId, 'no execution of that id exists');
    }
  }
}

function create(s: State, batch: readonly NewExecution[], now: number): Row[] {
  return batch.map((command) => {
    const due = command.scheduledTime ?? now + (command.delay ?? 0);
    const row = new Row(++s.sequence, s.task(command.taskId), s.queue(command.queue), now, command, due);
    if (command.lock !== null || command.tags !== null || command.workflow !== null) {
      const extra = row.more();
      extra.lock = command.lock;
      extra.tags = command.tags;
      extra.ref = command.workflow?.ref ?? null;
    }
    s.executions.set(row.executionId, row);
    row.older = s.newestRow;
    if (s.newestRow) s.newestRow.newer = row;
    s.newestRow = row;
    s.byStatus.PENDING++;
    s.counters.scheduled++;
    return row;
  });
}

/** In order: each binds to what is there, and is then there for those behind it. */
function admit(s: State, rows: readonly Row[], batch: readonly NewExecution[], now: number): void {
  for (const [i, row] of rows.entries()) {
    tell(s, row, 'scheduled', now);
    const commands = batch[i]!.edges;
    if (commands !== null && commands.length > 0) {
      edges.bind(s, row, commands, now);
      resolveBound(s, row, now);
    }
    edges.arrive(s, row.task, row, now);
    if (!isTerminal(row.status)) queue.place(s, row, now);
  }
}
