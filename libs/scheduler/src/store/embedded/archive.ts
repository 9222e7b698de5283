import { StoreDamagedError } from '../../core/errors.js';
import type { TerminalStatus } from '../../core/status.js';
import type { ListExecutionsQuery } from '../records.js';
import type { Row, WorkflowRow } from '../maps/rows.js';
import { isOrdered } from '../maps/state-data.js';
import { checksum } from './checksum.js';
import { ArchiveCounts, type Counted, type Retired } from './archive-counts.js';
import { encodeExecution, encodeWorkflow } from './codec.js';
import type { Database } from './database.js';
import { decodeExecution, decodeWorkflow } from './decode.js';
import { EdgeTable } from './edge-table.js';
import type { StoredExecution, StoredWorkflow } from './unlinked-row.js';
import type { SetAside } from './set-aside.js';
import type { SqlValue } from './sqlite.js';

/** An execution in memory too. */
export interface ExecutionColumns {
  number: number;
  body: string;
  payload: string | null;
  result: string | null;
  checksum: number;
}

/** An execution of history. */
interface HistoryColumns extends ExecutionColumns {
  status: string;
  retired: number;
  family: number | null;
}

const HISTORY_COLUMNS = 'h.number, h.status, h.retired, h.family, h.body, h.payload, h.result, h.checksum';
const WORKFLOW_COLUMNS = 'number, ended, body, checksum';

interface WorkflowColumns {
  number: number;
  ended: number;
  body: string;
  checksum: number;
}

/** Finished executions and workflows that are on disk only, found by their indexes. */
export class Archive {
  /** What is committed. */
  counts = new ArchiveCounts();
  readonly edges: EdgeTable;
  private readonly byId;
  private readonly byFamily;
  private readonly workflowsOf;
  private readonly workflowById;
  private readonly workflowPage;
  private readonly insert;
  private readonly insertTag;
  private readonly remove;
  private readonly removeTags;
  private readonly putWorkflow;
  private readonly removeWorkflow;
  private readonly statusesOf;
  private readonly removeTagsOf;
  private readonly removeEdgesOf;
  private readonly removeMembers;
  private readonly oldestExecutions;
  private readonly oldestWorkflows;
  private readonly since;
  /** The newest id in it of those that grow with time: what is above is not here. */
  private newestId = '';

  constructor(
    private readonly database: Database,
    private readonly aside: SetAside,
  ) {
    const prepare = (sql: string) => database.prepare(sql);
    this.edges = new EdgeTable(database);
    this.byId = prepare(`SELECT ${HISTORY_COLUMNS} FROM history h WHERE execution_id = ?`);
    this.byFamily = prepare(`SELECT ${HISTORY_COLUMNS} FROM history h WHERE family = ? ORDER BY number`);
    this.workflowsOf = prepare(`SELECT ${WORKFLOW_COLUMNS} FROM workflow WHERE family = ? ORDER BY number`);
    this.workflowById = prepare(`SELECT ${WORKFLOW_COLUMNS} FROM workflow WHERE workflow_id = ? AND family > 0`);
    this.workflowPage = prepare(
      `SELECT ${WORKFLOW_COLUMNS} FROM workflow WHERE number < ? AND family > 0 ORDER BY number DESC LIMIT ?`,
    );
    this.insert = prepare(
      `INSERT OR REPLACE INTO history (number, execution_id, task_id, status, workflow_id, created_time, completed_time,
         retired, bytes, family, outcome, queue, body, payload, result, checksum)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.insertTag = prepare('INSERT OR IGNORE INTO history_tag (tag, number) VALUES (?, ?)');
    this.remove = prepare('DELETE FROM history WHERE number = ?');
    this.removeTags = prepare('DELETE FROM history_tag WHERE number = ?');
    this.putWorkflow = prepare(
      `INSERT OR REPLACE INTO workflow (number, workflow_id, ended, family, outcome, completed_time, bytes, body, checksum)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.removeWorkflow = prepare('DELETE FROM workflow WHERE number = ?');
    const members = 'workflow_id = (SELECT workflow_id FROM workflow w WHERE w.number = ?)';
    this.statusesOf = prepare(`SELECT status, count(*) AS n FROM history WHERE ${members} GROUP BY status`);
    this.removeTagsOf = prepare(
      `DELETE FROM history_tag WHERE number IN (SELECT h.number FROM history h WHERE ${members})`,
    );
    this.removeEdgesOf = prepare(`DELETE FROM edge WHERE number IN (SELECT h.number FROM history h WHERE ${members})`);
    this.removeMembers = prepare(`DELETE FROM history WHERE ${members}`);
    this.oldestExecutions = prepare(
      `SELECT 'execution' AS kind, number, retired AS rank, completed_time AS completedAt, bytes FROM history WHERE outcome = ?
         ORDER BY retired LIMIT ?`,
    );
    this.oldestWorkflows = prepare(
      `SELECT 'workflow' AS kind, number, ended AS rank, completed_time AS completedAt, bytes FROM workflow
         WHERE outcome = ? AND family > 0 ORDER BY ended LIMIT ?`,
    );
    this.since = prepare('SELECT number FROM history WHERE created_time >= ? ORDER BY created_time, number LIMIT 1');
    this.count();
  }

  /** An execution of history, and the number of its family, 0 for one that stands alone. */
  find(executionId: string): { execution: StoredExecution; family: number } | null {
    // Fresh ids are looked up at each enqueue, and are newer than whatever has ended.
    if (this.counts.executions === 0 || (isOrdered(executionId) && executionId > this.newestId)) return null;
    const [row] = this.database.rows<HistoryColumns>(this.byId, executionId);
    const execution = row && this.retired(row);
    return execution ? { execution, family: row.family ?? 0 } : null;
  }

  family(number: number): { executions: StoredExecution[]; workflows: StoredWorkflow[] } {
    const { database } = this;
    return {
      executions: database.rows<HistoryColumns>(this.byFamily, number).flatMap((row) => this.retired(row) ?? []),
      workflows: this.workflowsIn(number),
    };
  }

  /** Workflows of a family; 0: those that are in memory. */
  workflowsIn(family: number): StoredWorkflow[] {
    return this.database.rows<WorkflowColumns>(this.workflowsOf, family).flatMap((row) => this.workflow(row) ?? []);
  }

  findWorkflow(workflowId: string): StoredWorkflow | null {
    const [row] = this.database.rows<WorkflowColumns>(this.workflowById, workflowId);
    return row ? this.workflow(row) : null;
  }

  /** Newest first, below this number. */
  workflows(below: number, limit: number): StoredWorkflow[] {
    const number = Math.min(below, Number.MAX_SAFE_INTEGER);
    return this.database
      .rows<WorkflowColumns>(this.workflowPage, number, limit)
      .flatMap((row) => this.workflow(row) ?? []);
  }

  /** Newest first, from one number (exclusive) down to another (inclusive). */
  page(query: ListExecutionsQuery, below: number, downTo: number, limit: number): StoredExecution[] {
    // Times of creation grow with the numbers, which spares an order of their own.
    const from = query.from === undefined ? downTo : Math.max(downTo, this.firstSince(query.from));
    const to = query.to === undefined ? below : Math.min(below, this.firstSince(query.to));
    const statuses = query.status === undefined ? [null] : [query.status].flat();
    const page: StoredExecution[] = [];
    // Again where some were set aside: a short page is the last one.
    for (let rows: HistoryColumns[], next = to; page.length < limit; next = rows.at(-1)!.number) {
      const wanted = limit - page.length;
      rows = statuses.flatMap((status) => this.pageOf(query, status, next, from, wanted));
      if (statuses.length > 1) rows.sort((a, b) => b.number - a.number);
      rows = rows.slice(0, wanted);
      page.push(...rows.flatMap((row) => this.retired(row) ?? []));
      if (rows.length < wanted) break;
    }
    return page;
  }

  private pageOf(
    { taskId, queue, workflowId, tag }: ListExecutionsQuery,
    status: string | null,
    below: number,
    downTo: number,
    limit: number,
  ): HistoryColumns[] {
    const conditions = ['h.number < ?', 'h.number >= ?'];
    const values: SqlValue[] = [Math.min(below, Number.MAX_SAFE_INTEGER), downTo];
    const where = (condition: string, value: string | null | undefined): void => {
      if (value === null || value === undefined) return;
      conditions.push(condition);
      values.push(value);
    };
    where('h.task_id = ?', taskId);
    where('h.queue = ?', queue);
    where('h.workflow_id = ?', workflowId);
    where('h.status = ?', status);
    where('t.tag = ?', tag);
    const source = tag === undefined ? 'history h' : 'history_tag t JOIN history h ON h.number = t.number';
    const order = tag === undefined ? 'h.number' : 't.number';
    const sql =
      `SELECT ${HISTORY_COLUMNS} FROM ${source} ` + `WHERE ${conditions.join(' AND ')} ORDER BY ${order} DESC LIMIT ?`;
    return this.database.rows(this.database.prepare(sql), ...values, limit);
  }

  /** The number of the first execution created at this instant or later. */
  private firstSince(time: number): number {
    return this.database.rows<{ number: number }>(this.since, time)[0]?.number ?? Number.MAX_SAFE_INTEGER;
  }

  /** @param family its number; null: it stands alone */
  put(row: Row, family: number | null, counts: ArchiveCounts): void {
    const body = JSON.stringify(encodeExecution(row));
    const workflowId = row.extra?.workflow?.workflowId ?? null;
    const { id: executionId, status, payload } = row;
    const what = [
      row.order,
      executionId,
      row.task.taskId,
      status,
      workflowId,
      row.createdTime,
      row.completedAt,
    ] as const;
    const result = row.result ?? null;
    const size = row.bytes;
    const outcome = row.place === 'history' ? (status as TerminalStatus) : null;
    const place = placeOf({ number: row.order, status, retired: row.rank, family });
    const sum = checksum(place, body, payload, result);
    const rest = [row.queue.name, body, payload, result, sum] as const;
    this.insert.run(...what, row.rank, size, family, outcome, ...rest);
    for (const tag of row.extra?.tags ?? []) this.insertTag.run(tag, row.order);
    counts.addExecutions(status as TerminalStatus, 1);
    if (outcome !== null) counts.addUnits(outcome, 1, size);
    if (isOrdered(executionId) && executionId > this.newestId) this.newestId = executionId;
  }

  take({ number, status, outcome, bytes }: Counted, counts: ArchiveCounts): void {
    this.remove.run(number);
    this.removeTags.run(number);
    counts.addExecutions(status, -1);
    if (outcome !== null) counts.addUnits(outcome, -1, -bytes);
  }

  /** @param family 0: it is in memory */
  storeWorkflow(workflow: WorkflowRow, family: number): void {
    const body = JSON.stringify(encodeWorkflow(workflow));
    const { order, workflowId, completedAt: completedTime, bytes } = workflow;
    const [rank, outcome] = workflow.list === null ? [0, null] : [workflow.rank, workflow.status];
    const sum = checksum(`${order} ${rank}`, body);
    this.putWorkflow.run(order, workflowId, rank, family, outcome, completedTime, bytes, body, sum);
  }

  /** The record of a workflow that is in memory, or has left it. */
  dropWorkflow(number: number): void {
    this.removeWorkflow.run(number);
  }

  /**
   * Drops for good what history holds on disk: an execution that stands alone, or a workflow with all of its.
   * @returns how many executions
   */
  drop({ kind, number, bytes }: Retired, outcome: TerminalStatus, counts: ArchiveCounts): number {
    if (kind === 'execution') {
      this.edges.drop(number);
      this.take({ number, status: outcome, outcome, bytes }, counts);
      return 1;
    }
    let done = 0;
    for (const { status, n } of this.database.rows<{ status: TerminalStatus; n: number }>(this.statusesOf, number)) {
      counts.addExecutions(status, -n);
      done += n;
    }
    this.removeTagsOf.run(number);
    this.removeEdgesOf.run(number);
    this.removeMembers.run(number);
    this.removeWorkflow.run(number);
    counts.addUnits(outcome, -1, -bytes);
    return Math.max(1, done);
  }

  /** Those of an outcome that are dropped first. */
  oldest(outcome: TerminalStatus, limit: number): Retired[] {
    const { database } = this;
    const found = [this.oldestExecutions, this.oldestWorkflows].flatMap((statement) =>
      database.rows<Retired>(statement, outcome, limit),
    );
    return found.sort((a, b) => a.rank - b.rank).slice(0, limit);
  }

  /** The highest rank among those of an outcome. */
  newestRank(outcome: TerminalStatus): number {
    const found = this.database.rows<{ rank: number | null }>(
      this.database.prepare(
        `SELECT max(rank) AS rank FROM (SELECT max(retired) AS rank FROM history WHERE outcome = ?1
           UNION ALL SELECT max(ended) FROM workflow WHERE outcome = ?1)`,
      ),
      outcome,
    );
    return found[0]?.rank ?? 0;
  }

  /** One that is in memory too; null: it was set aside. */
  execution({ number, body, payload, result, checksum }: ExecutionColumns): StoredExecution | null {
    this.database.verify(`execution ${number}`, checksum, String(number), body, payload, result);
    return this.read(number, body, payload, result);
  }

  private retired(row: HistoryColumns): StoredExecution | null {
    const { number, body, payload, result, checksum } = row;
    this.database.verify(`execution ${number} of history`, checksum, placeOf(row), body, payload, result);
    return this.read(number, body, payload, result);
  }

  private read(number: number, body: string, payload: string | null, result: string | null): StoredExecution | null {
    const record = this.aside.attempt(`execution ${number}`, () => decodeExecution(body));
    return record && { number, record, payload, result };
  }

  private workflow({ number, ended, body, checksum }: WorkflowColumns): StoredWorkflow | null {
    this.database.verify(`workflow ${number}`, checksum, `${number} ${ended}`, body);
    const record = this.aside.attempt(`workflow ${number}`, () => decodeWorkflow(body));
    return record && { number, ended, record };
  }

  private known(status: TerminalStatus): TerminalStatus {
    if (status in this.counts.byStatus) return status;
    throw new StoreDamagedError(this.database.path, `history has executions of status '${status}'`);
  }

  private count(): void {
    const rows = <T>(sql: string): T[] => this.database.rows<T>(this.database.prepare(sql));
    type Sum = { status: TerminalStatus; n: number; size: number };
    for (const { status, n } of rows<Sum>('SELECT status, count(*) AS n FROM history GROUP BY status'))
      this.counts.addExecutions(this.known(status), n);
    const units = (table: string): Sum[] =>
      rows<Sum>(`SELECT outcome AS status, count(*) AS n, sum(bytes) AS size FROM ${table} GROUP BY outcome`);
    for (const { status, n, size } of [
      ...units('history WHERE outcome IS NOT NULL'),
      ...units('workflow WHERE family > 0 AND outcome IS NOT NULL'),
    ])
      this.counts.addUnits(this.known(status), n, size);
    const newest = "SELECT max(execution_id) AS id FROM history WHERE execution_id < 'cron:'";
    this.newestId = rows<{ id: string | null }>(newest)[0]!.id ?? '';
  }
}

/** Where an execution stands in history: as good as lost if it were wrong. */
function placeOf({
  number,
  status,
  retired,
  family,
}: Omit<HistoryColumns, keyof ExecutionColumns> & { number: number }) {
  return `${number} ${status} ${retired} ${family}`;
}
