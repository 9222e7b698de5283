import type { NewEdge, NewExecution, NewWorkflow } from '../../core/commands.js';
import { IdempotencyConflictError, isOfOtherTask, UnknownDependencyError } from '../../core/errors.js';
import { admit } from '../../engine/admit.js';
import { deduplicate } from '../../engine/idempotency.js';
import type { NewEdge as EngineEdge } from '../../engine/edge-records.js';
import type { Tables } from '../../engine/tables.js';
import { close as closeWorkflow } from '../../engine/workflow.js';
import { Row, WorkflowRow } from './rows.js';
import type { StateData } from './state-data.js';

/** The state, which itself calls some of these functions. */
type State = StateData & Tables;

/** Stores a batch, all or nothing. @returns ids in the order given: of the first one where an idempotency key repeats */
export function enqueue(s: State, batch: readonly NewExecution[], now: number): string[] {
  const { ids, fresh } = deduplicated(s, batch);
  checkEdges(s, fresh);
  s.keys.keepStaged();
  admitAll(s, create(s, fresh, now), fresh, fresh[0]?.executionId);
  return ids;
}

/** A batch without its repeats. @throws IdempotencyConflictError */
function deduplicated(s: State, batch: readonly NewExecution[]): { ids: string[]; fresh: readonly NewExecution[] } {
  s.keys.dropStaged();
  if (isFresh(s, batch)) return { ids: batch.map((command) => command.executionId), fresh: batch };
  const requests = batch.map((command) => {
    const { executionId, taskId, idempotency } = command;
    if (idempotency === null) return { executionId, command };
    const { key, fingerprint } = idempotency;
    return { executionId, keyName: `${taskId}|${key}`, fingerprint, command };
  });
  const { ids, fresh, conflict } = deduplicate(s, requests);
  if (conflict) {
    const { taskId, idempotency } = conflict.command;
    throw new IdempotencyConflictError(taskId, idempotency!.key);
  }
  return { ids, fresh: fresh.map(({ command }) => command) };
}

/** Whether nothing can repeat. */
function isFresh(s: State, batch: readonly NewExecution[]): boolean {
  for (const { executionId, idempotency } of batch)
    if (idempotency !== null || s.executions.has(executionId)) return false;
  return true;
}

export function startWorkflow(s: State, command: NewWorkflow, executions: readonly NewExecution[], now: number): void {
  if (s.workflows.has(command.workflowId)) return;
  checkEdges(s, executions);
  const workflow = new WorkflowRow(command.workflowId, command.name, now, ++s.sequence);
  workflow.open = executions.length;
  s.workflows.set(command.workflowId, workflow);
  s.touch(workflow);
  const rows = create(s, executions, now);
  for (const [i, row] of rows.entries()) {
    const node = command.nodes[i]!;
    row.more().workflow = workflow;
    workflow.nodes.push({ ref: node.ref, row, dependsOn: node.dependsOn.map((each) => ({ ...each })) });
  }
  admitAll(s, rows, executions, command.workflowId);
  if (executions.length === 0) closeWorkflow(s, workflow);
}

/** Stores the execution of a tick, which has no place yet. */
export function createTick(s: State, command: NewExecution, scheduleId: string, now: number): Row {
  const [row] = create(s, [command], now);
  row!.more().schedule = scheduleId;
  s.touch(row!);
  return row!;
}

/** Places the execution of a tick. @param after one for whose end it waits as well, however it ends */
export function admitTick(s: State, row: Row, command: NewExecution, after: Row | undefined): void {
  const edges = command.edges?.map(edgeOf) ?? [];
  if (after) edges.push(s.edges.toPrevious(after));
  admit(s, row, edges, undefined);
}

function checkEdges(s: State, batch: readonly NewExecution[]): void {
  let inBatch: Set<string> | undefined;
  for (const command of batch) {
    if (command.edges === null) continue;
    for (const edge of command.edges) {
      if (edge.bind === 'newest') continue;
      const upstream = s.executions.get(edge.bind.executionId);
      const { ofTask } = edge.bind;
      if (upstream && ofTask !== undefined && upstream.task.taskId !== ofTask)
        throw new UnknownDependencyError(command.taskId, upstream.id, isOfOtherTask(upstream.task.taskId, ofTask));
      if (upstream) continue;
      inBatch ??= new Set(batch.map((each) => each.executionId));
      if (!inBatch.has(edge.bind.executionId))
        throw new UnknownDependencyError(command.taskId, edge.bind.executionId, 'no execution of that id exists');
    }
  }
}

function create(s: State, batch: readonly NewExecution[], now: number): Row[] {
  const rows = batch.map((command) => {
    const due = command.scheduledTime ?? now + (command.delay ?? 0);
    const row = new Row(++s.sequence, s.task(command.taskId), s.queue(command.queue), now, command, due);
    row.ttl = command.ttl;
    row.isDated = command.scheduledTime !== null || undefined;
    if (command.lock !== null || command.tags !== null || command.workflow !== null) {
      const extra = row.more();
      extra.lock = command.lock;
      extra.tags = command.tags;
      extra.ref = command.workflow?.ref ?? null;
    }
    s.executions.set(row.id, row);
    row.older = s.newestRow;
    if (s.newestRow) s.newestRow.newer = row;
    s.newestRow = row;
    return row;
  });
  s.byStatus.PENDING += rows.length;
  s.counters.scheduled += rows.length;
  return rows;
}

/** In order: each binds to what is there, and is then there for those behind it. @param request that they came with */
function admitAll(s: State, rows: readonly Row[], batch: readonly NewExecution[], request?: string): void {
  for (let i = 0; i < rows.length; i++) admit(s, rows[i]!, batch[i]!.edges?.map(edgeOf), request);
}

/** As the engine takes it: absent values are undefined. */
function edgeOf({ taskId, ref, type, maxAge, reuse, timeout, bind }: NewEdge): EngineEdge {
  const to = bind === 'newest' ? undefined : bind.executionId;
  return { taskId, ref, type, reuse, maxAge: maxAge ?? undefined, timeout: timeout ?? undefined, to };
}
