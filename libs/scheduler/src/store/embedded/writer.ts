import { SpreadStep, type Changed } from '../maps/changed.js';
import { KeyRow } from '../maps/key-row.js';
import { Edge, LockRow, QueueRow, Row, TaskRow, WorkflowRow } from '../maps/rows.js';
import { ScheduleRow } from '../maps/schedule-row.js';
import type { TerminalStatus } from '../../core/status.js';
import { trim } from '../../engine/history.js';
import type { State } from '../maps/state.js';
import type { ArchiveCounts } from './archive-counts.js';
import type { Archive } from './archive.js';
import { checksum } from './checksum.js';
import { encodeExecution, encodeRecord } from './codec.js';
import type { Database } from './database.js';
import type { HistorySettings } from '../history-settings.js';
import { familyOf, isRetired, type Family } from './family.js';
import type { Residents } from './residents.js';
import { Totals } from './totals.js';
import { StoredShelves } from './shelves.js';

/** Executions that one transaction drops, at most; what is over goes with the next ones. */
const DROPS_PER_WRITE = 2_000;

/**
 * Writes what has changed since it last did, as one transaction: the living, what has left memory for history, and
 * history trimmed. A write that fails leaves everything to the next one.
 */
export class Writer {
  readonly totals: Totals;
  private readonly taken = new Set<Changed>();
  /** Whether history grows too old without anything happening. */
  private readonly ages: boolean;
  /** Whether history may be longer than it may be, without anything happening: its bounds may be new ones. */
  private mayBeLong = true;
  private readonly putLive;
  private readonly dropLive;
  private readonly putRecord;
  private readonly dropRecord;

  constructor(
    private readonly database: Database,
    private readonly archive: Archive,
    private readonly state: State,
    private readonly residents: Residents,
    private readonly changed: Set<Changed>,
    private readonly limits: HistorySettings,
  ) {
    this.ages = Object.values(limits).some(({ age }) => age !== null);
    this.totals = new Totals(state);
    this.putLive = database.prepare(
      `INSERT INTO live (number, body, payload, result, checksum) VALUES (?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE
         SET body = excluded.body, result = excluded.result, checksum = excluded.checksum`,
    );
    this.dropLive = database.prepare('DELETE FROM live WHERE number = ?');
    this.putRecord = database.prepare('INSERT OR REPLACE INTO record (kind, key, body, checksum) VALUES (?, ?, ?, ?)');
    this.dropRecord = database.prepare('DELETE FROM record WHERE kind = ? AND key = ?');
  }

  /** @returns whether anything was written. @throws what SQLite throws; nothing is written then */
  write(now: number): boolean {
    const { changed, residents } = this;
    const families = this.leaving();
    this.leaveUntouched(families);
    const totals = this.totals.pending();
    const isIdle = changed.size === 0 && residents.recalled.size === 0 && totals.length === 0;
    if (isIdle && !this.ages && !this.mayBeLong) return false;
    const counts = this.archive.counts.copy();
    let wrote = false;
    this.taken.clear();
    this.database.transaction(() => {
      const archived = new Set<Changed>();
      for (const family of families) this.shelve(family, archived, counts);
      for (const record of changed) if (!archived.has(record)) this.put(record, counts);
      for (const record of [...residents.recalled.keys(), ...residents.recalledWorkflows.keys()])
        if (!archived.has(record) && !changed.has(record)) this.put(record, counts);
      const { state: s, archive, limits } = this;
      const put = (record: Changed): void => this.put(record, counts);
      const history = new StoredShelves({ s, archive, counts, limits, put, archived });
      wrote = this.mayBeLong = trim({ now, history }, DROPS_PER_WRITE).done > 0;
      for (const { kind, key, body } of totals) this.store(kind, key, body);
    });
    // Committed: memory follows.
    wrote ||= changed.size + residents.recalled.size + totals.length > 0;
    this.archive.counts = counts;
    this.totals.written(totals);
    for (const { rows, workflows } of families) this.forget(rows, workflows);
    changed.clear();
    residents.recalled.clear();
    residents.recalledWorkflows.clear();
    return wrote;
  }

  /** Families that can leave memory. */
  private leaving(): Family[] {
    const busy = new Set(this.state.steps.steps.map((step) => step.row));
    const seen = new Set<Row>();
    const families: Family[] = [];
    for (const record of [...this.changed, ...this.residents.recalled.keys()]) {
      const row = record instanceof WorkflowRow ? record.nodes[0]?.row : record;
      if (!(row instanceof Row) || !isRetired(row) || seen.has(row)) continue;
      const family = familyOf(row, busy);
      if (family === null) continue;
      for (const member of family.rows) seen.add(member);
      // One that history has dropped before its executions stays dropped.
      families.push({ ...family, workflows: family.workflows.filter((each) => this.isListed(each)) });
    }
    return families;
  }

  /** What came back only to be looked at goes as it came. */
  private leaveUntouched(families: Family[]): void {
    const { recalled, recalledWorkflows } = this.residents;
    for (let i = families.length - 1; i >= 0; i--) {
      const { rows, workflows } = families[i]!;
      const isAsItCame = (row: Row): boolean =>
        recalled.has(row) && !this.changed.has(row) && !row.extra?.edges?.some((edge) => this.changed.has(edge));
      if (!rows.every(isAsItCame) || workflows.some((workflow) => this.changed.has(workflow))) continue;
      families.splice(i, 1);
      for (const row of rows) recalled.delete(row);
      for (const workflow of workflows) recalledWorkflows.delete(workflow);
      this.forget(rows, workflows);
    }
  }

  private shelve({ rows, workflows }: Family, archived: Set<Changed>, counts: ArchiveCounts): void {
    const { archive, residents } = this;
    const number = rows.length > 1 || workflows.length > 0 ? Math.min(...rows.map((row) => row.order)) : null;
    for (const row of rows) {
      if (residents.recalled.has(row)) this.take(row, counts);
      else this.dropLive.run(row.order);
      archive.put(row, number, counts);
      archive.edges.complete(row);
      archived.add(row);
    }
    for (const workflow of workflows) {
      this.takeWorkflow(workflow, counts);
      archive.storeWorkflow(workflow, number!);
      counts.addUnits(workflow.status as TerminalStatus, 1, workflow.bytes);
      archived.add(workflow);
    }
  }

  /** Takes an archived family out of memory. */
  private forget(rows: readonly Row[], workflows: readonly WorkflowRow[]): void {
    for (const row of rows) if (row.place === 'history') this.state.history.forget(row);
    for (const workflow of workflows) if (workflow.list !== null) this.state.history.forget(workflow);
  }

  private put(record: Changed, counts: ArchiveCounts): void {
    if (record instanceof Row) return this.putExecution(record, counts);
    if (record instanceof WorkflowRow) return this.putWorkflow(record, counts);
    if (record instanceof Edge) return record.dependent.place === 'gone' ? undefined : this.archive.edges.put(record);
    const { kind, key, body } = encodeRecord(record);
    if (this.exists(record)) this.store(kind, key, body);
    else if (!this.isReplaced(record)) this.dropRecord.run(kind, key);
  }

  private putExecution(row: Row, counts: ArchiveCounts): void {
    this.take(row, counts);
    if (row.place === 'gone') {
      this.dropLive.run(row.order);
      return this.archive.edges.drop(row.order);
    }
    const body = JSON.stringify(encodeExecution(row));
    const { order, payload } = row;
    const result = row.result ?? null;
    this.putLive.run(order, body, payload, result, checksum(String(order), body, payload, result));
  }

  /** Out of history, once in a transaction, where it came back from there. */
  private take(row: Row, counts: ArchiveCounts): void {
    const old = this.residents.recalled.get(row);
    if (!old || this.taken.has(row)) return;
    this.archive.take(old, counts);
    this.taken.add(row);
  }

  private takeWorkflow(workflow: WorkflowRow, counts: ArchiveCounts): void {
    const old = this.residents.recalledWorkflows.get(workflow);
    if (!old || this.taken.has(workflow)) return;
    counts.addUnits(old.outcome, -1, -old.bytes);
    this.taken.add(workflow);
  }

  private putWorkflow(workflow: WorkflowRow, counts: ArchiveCounts): void {
    this.takeWorkflow(workflow, counts);
    if (this.isListed(workflow)) this.archive.storeWorkflow(workflow, 0);
    else this.archive.dropWorkflow(workflow.order);
  }

  private isListed(workflow: WorkflowRow): boolean {
    return this.state.workflows.get(workflow.workflowId) === workflow;
  }

  private store(kind: string, key: string, body: unknown): void {
    const text = JSON.stringify(body);
    this.putRecord.run(kind, key, text, checksum(kind, key, text));
  }

  private exists(record: Exclude<Changed, Row | WorkflowRow | Edge>): boolean {
    const s = this.state;
    if (record instanceof KeyRow) return s.keys.stored(record.key) === record;
    if (record instanceof LockRow) return s.locks.get(record.key) === record;
    if (record instanceof ScheduleRow) return s.schedules.get(record.id) === record;
    if (record instanceof SpreadStep) return s.steps.steps.includes(record);
    return record instanceof QueueRow || record instanceof TaskRow;
  }

  /** Something new has its name, and is written itself. */
  private isReplaced(record: Exclude<Changed, Row | WorkflowRow | Edge>): boolean {
    const s = this.state;
    if (record instanceof KeyRow) return s.keys.stored(record.key) !== undefined;
    if (record instanceof LockRow) return s.locks.get(record.key) !== undefined;
    return record instanceof ScheduleRow && s.schedules.get(record.id) !== undefined;
  }
}
