import { StepRow, type Changed } from '../maps/changed.js';
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
import { componentOf, isInHistory, type Component } from './component.js';
import type { WorkingSet } from './working-set.js';
import { Totals } from './totals.js';
import { StoredShelves } from './shelves.js';

/** Executions that one transaction drops, at most; what is over goes with the next ones. */
const DROPS_PER_WRITE = 2_000;

/**
 * Writes all changes since the last write as one transaction: records in memory, components that move to history, and trimmed
 * history. After a failed write the next one writes everything.
 */
export class Writer {
  readonly totals: Totals;
  private readonly removed = new Set<Changed>();
  /** Whether history must be trimmed by age, even without changes. */
  private readonly hasAgeLimit: boolean;
  /** Whether history may exceed its bounds without changes: at open, its bounds may be new. */
  private needsTrim = true;
  private readonly putLive;
  private readonly dropLive;
  private readonly putRecord;
  private readonly dropRecord;

  constructor(
    private readonly database: Database,
    private readonly archive: Archive,
    private readonly state: State,
    private readonly workingSet: WorkingSet,
    private readonly changed: Set<Changed>,
    private readonly limits: HistorySettings,
  ) {
    this.hasAgeLimit = Object.values(limits).some(({ age }) => age !== null);
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
    const { changed, workingSet } = this;
    const components = this.evictable();
    this.evictUnchanged(components);
    const totals = this.totals.pending();
    const isIdle = changed.size === 0 && workingSet.loaded.size === 0 && totals.length === 0;
    if (isIdle && !this.hasAgeLimit && !this.needsTrim) return false;
    const counts = this.archive.counts.copy();
    let wrote = false;
    this.removed.clear();
    this.database.transaction(() => {
      const archived = new Set<Changed>();
      for (const component of components) this.archiveComponent(component, archived, counts);
      for (const record of changed) if (!archived.has(record)) this.put(record, counts);
      for (const record of [...workingSet.loaded.keys(), ...workingSet.loadedWorkflows.keys()])
        if (!archived.has(record) && !changed.has(record)) this.put(record, counts);
      const { state: s, archive, limits } = this;
      const put = (record: Changed): void => this.put(record, counts);
      const history = new StoredShelves({ s, archive, counts, limits, put, archived });
      wrote = this.needsTrim = trim({ now, history }, DROPS_PER_WRITE).done > 0;
      for (const { kind, key, body } of totals) this.store(kind, key, body);
    });
    // Committed: now update memory.
    wrote ||= changed.size + workingSet.loaded.size + totals.length > 0;
    this.archive.counts = counts;
    this.totals.written(totals);
    for (const { rows, workflows } of components) this.evict(rows, workflows);
    changed.clear();
    workingSet.loaded.clear();
    workingSet.loadedWorkflows.clear();
    return wrote;
  }

  /** Components that can be evicted. */
  private evictable(): Component[] {
    const busy = new Set(this.state.steps.steps.map((step) => step.row));
    const visited = new Set<Row>();
    const components: Component[] = [];
    for (const record of [...this.changed, ...this.workingSet.loaded.keys()]) {
      const row = record instanceof WorkflowRow ? record.nodes[0]?.row : record;
      if (!(row instanceof Row) || !isInHistory(row) || visited.has(row)) continue;
      const component = componentOf(row, busy);
      if (component === null) continue;
      for (const member of component.rows) visited.add(member);
      // A workflow that history has dropped before its executions stays dropped.
      components.push({ ...component, workflows: component.workflows.filter((each) => this.isListed(each)) });
    }
    return components;
  }

  /** Evicts components that were loaded and not changed, without writing them. */
  private evictUnchanged(components: Component[]): void {
    const { loaded, loadedWorkflows } = this.workingSet;
    for (let i = components.length - 1; i >= 0; i--) {
      const { rows, workflows } = components[i]!;
      const isUnchanged = (row: Row): boolean =>
        loaded.has(row) && !this.changed.has(row) && !row.extra?.edges?.some((edge) => this.changed.has(edge));
      if (!rows.every(isUnchanged) || workflows.some((workflow) => this.changed.has(workflow))) continue;
      components.splice(i, 1);
      for (const row of rows) loaded.delete(row);
      for (const workflow of workflows) loadedWorkflows.delete(workflow);
      this.evict(rows, workflows);
    }
  }

  private archiveComponent({ rows, workflows }: Component, archived: Set<Changed>, counts: ArchiveCounts): void {
    const { archive, workingSet } = this;
    const number = rows.length > 1 || workflows.length > 0 ? Math.min(...rows.map((row) => row.order)) : null;
    for (const row of rows) {
      if (workingSet.loaded.has(row)) this.removeFromArchive(row, counts);
      else this.dropLive.run(row.order);
      archive.put(row, number, counts);
      archive.edges.complete(row);
      archived.add(row);
    }
    for (const workflow of workflows) {
      this.removeWorkflowFromArchive(workflow, counts);
      archive.storeWorkflow(workflow, number!);
      counts.addUnits(workflow.status as TerminalStatus, 1, workflow.bytes);
      archived.add(workflow);
    }
  }

  /** Takes an archived family out of memory. */
  private evict(rows: readonly Row[], workflows: readonly WorkflowRow[]): void {
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
    this.removeFromArchive(row, counts);
    if (row.place === 'gone') {
      this.dropLive.run(row.order);
      return this.archive.edges.drop(row.order);
    }
    const body = JSON.stringify(encodeExecution(row));
    const { order, payload } = row;
    const result = row.result ?? null;
    this.putLive.run(order, body, payload, result, checksum(String(order), body, payload, result));
  }

  /** Removes an execution that was loaded from history from the archive, once in a transaction. */
  private removeFromArchive(row: Row, counts: ArchiveCounts): void {
    const old = this.workingSet.loaded.get(row);
    if (!old || this.removed.has(row)) return;
    this.archive.take(old, counts);
    this.removed.add(row);
  }

  private removeWorkflowFromArchive(workflow: WorkflowRow, counts: ArchiveCounts): void {
    const old = this.workingSet.loadedWorkflows.get(workflow);
    if (!old || this.removed.has(workflow)) return;
    counts.addUnits(old.outcome, -1, -old.bytes);
    this.removed.add(workflow);
  }

  private putWorkflow(workflow: WorkflowRow, counts: ArchiveCounts): void {
    this.removeWorkflowFromArchive(workflow, counts);
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
    if (record instanceof StepRow) return s.steps.steps.includes(record);
    return record instanceof QueueRow || record instanceof TaskRow;
  }

  /** Whether a new record has its key, and is written itself. */
  private isReplaced(record: Exclude<Changed, Row | WorkflowRow | Edge>): boolean {
    const s = this.state;
    if (record instanceof KeyRow) return s.keys.stored(record.key) !== undefined;
    if (record instanceof LockRow) return s.locks.get(record.key) !== undefined;
    return record instanceof ScheduleRow && s.schedules.get(record.id) !== undefined;
  }
}
