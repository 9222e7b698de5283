import { StoreDamagedError } from '../../core/errors.js';
import { TERMINAL_STATUSES } from '../../core/status.js';
import type { Edge, Row, WorkflowRow } from '../maps/rows.js';
import type { State } from '../maps/state.js';
import type { Archive, ExecutionColumns } from './archive.js';
import type { KeyRecord, LockRecord, QueueRecord, ScheduleEntry, StepRecord, TaskEntry } from './codec.js';
import type { Database } from './database.js';
import { decodeRecord } from './decode.js';
import { Rebuilder } from './rebuild.js';
import type { SetAside } from './set-aside.js';
import type { Totals } from './totals.js';

interface RecordColumns {
  kind: string;
  key: string;
  body: string;
  checksum: number;
}

/**
 * What records that were set aside leave behind: edges and workflows that wait for executions, executions that may be needed
 * no more, and those that wait for a step.
 */
export interface Orphans {
  edges: readonly Edge[];
  workflows: readonly WorkflowRow[];
  kept: readonly Row[];
  waiting: readonly Row[];
}

/** Fills an empty state from the file, without history. */
export function load(database: Database, archive: Archive, s: State, totals: Totals, aside: SetAside): Orphans {
  const rebuilder = new Rebuilder(s, archive.edges);
  const records = readRecords(database, aside);
  const each = <T>(kind: string, put: (key: string, body: T) => void): void =>
    records
      .filter((record) => record.kind === kind)
      .forEach(({ key, body }) => aside.attempt(`${kind} '${key}'`, () => put(key, body as T)));

  each('queue', (name, record: QueueRecord) => rebuilder.queue(name, record));
  const live = database.prepare('SELECT number, body, payload, result, checksum FROM live ORDER BY number');
  for (const row of database.rows<ExecutionColumns>(live)) {
    const execution = archive.execution(row);
    if (execution) aside.attempt(`execution ${row.number}`, () => rebuilder.execution(execution));
  }
  for (const workflow of archive.workflowsIn(0)) rebuilder.workflow(workflow);
  each('task', (taskId, record: TaskEntry) => rebuilder.task(taskId, record));
  each('lock', (key, record: LockRecord) => rebuilder.lock(key, record));
  rebuilder.link();
  each('schedule', (_, record: ScheduleEntry) => rebuilder.schedule(record));
  const keys = records.filter(({ kind }) => kind === 'key') as { key: string; body: KeyRecord }[];
  keys.sort((a, b) => a.body.expiresAt - b.body.expiresAt);
  for (const { key, body } of keys) rebuilder.key(key, body);
  const steps = records.filter(({ kind }) => kind === 'spread') as { key: string; body: StepRecord }[];
  steps.sort((a, b) => Number(a.key) - Number(b.key));
  for (const { key, body } of steps) aside.attempt(`spread '${key}'`, () => rebuilder.step(Number(key), body));
  const waiting = aside.has('spread') ? rebuilder.withLostSteps() : [];
  for (const kind of ['totals', 'window', 'errors']) each(kind, (_, body) => totals.restore(kind, body));
  for (const outcome of TERMINAL_STATUSES) s.history.shelves[outcome].units.beyond(archive.newestRank(outcome));
  const kept = rebuilder.rows.filter(({ place }) => place === 'kept');
  return { edges: rebuilder.lostEdges, workflows: rebuilder.unclosed, kept, waiting };
}

function readRecords(database: Database, aside: SetAside): { kind: string; key: string; body: unknown }[] {
  const select = database.prepare('SELECT kind, key, body, checksum FROM record');
  return database.rows<RecordColumns>(select).flatMap(({ kind, key, body, checksum }) => {
    database.verify(`${kind} '${key}'`, checksum, kind, key, body);
    const decoded = aside.attempt(`${kind} '${key}'`, () => decodeRecord(kind, body));
    // Without the sequence, numbers would be assigned twice.
    if (decoded === null && kind === 'totals') throw new StoreDamagedError(database.path, 'its totals are not JSON');
    return decoded === null ? [] : { kind, key, body: decoded };
  });
}
