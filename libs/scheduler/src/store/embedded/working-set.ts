import type { TerminalStatus } from '../../core/status.js';
import type { Row, WorkflowRow } from '../maps/rows.js';
import { Executions } from '../maps/state-data.js';
import type { State } from '../maps/state.js';
import type { Counted } from './archive-counts.js';
import type { Archive } from './archive.js';
import { Rebuilder } from './rebuild.js';

/**
 * The executions in memory, by id. An execution that is only on disk is loaded when a transition reads it, with its connected
 * component; if the transition does not change it, the next commit evicts it.
 */
export class WorkingSet extends Executions {
  /** Loaded from history since the last commit. */
  readonly loaded = new Map<Row, Counted>();
  readonly loadedWorkflows = new Map<WorkflowRow, { outcome: TerminalStatus; bytes: number }>();
  private archive: Archive | null = null;
  private state: State | null = null;

  /** Loads missing executions from now on. */
  attach(archive: Archive, state: State): void {
    this.archive = archive;
    this.state = state;
  }

  override get(executionId: string): Row | undefined {
    return super.get(executionId) ?? this.load(executionId);
  }

  override has(executionId: string): boolean {
    return this.get(executionId) !== undefined;
  }

  /** @returns undefined if it is not in memory */
  override peek(executionId: string): Row | undefined {
    return super.get(executionId);
  }

  /** Loads all of history. @returns evicts workflows without executions; the next commit evicts the rest */
  loadAll(): () => void {
    const [archive, s] = [this.archive!, this.state!];
    const all = Number.MAX_SAFE_INTEGER;
    for (const { record } of archive.page({}, all, 0, all)) this.get(record.executionId);
    const missing = archive.workflows(all, all).filter(({ record }) => !s.workflows.has(record.workflowId));
    const rebuilder = new Rebuilder(s, archive.edges);
    const added = missing.map((each) => rebuilder.workflow(each));
    rebuilder.link();
    return () => {
      for (const workflow of added) s.history.forget(workflow);
    };
  }

  private load(executionId: string): Row | undefined {
    const found = this.archive?.find(executionId);
    if (!found) return undefined;
    const { executions, workflows } =
      found.family > 0 ? this.archive!.family(found.family) : { executions: [found.execution], workflows: [] };
    const rebuilder = new Rebuilder(this.state!, this.archive!.edges);
    for (const each of executions) rebuilder.execution(each);
    const members = workflows.map((each) => rebuilder.workflow(each));
    // Before the edges are linked, since that reads executions.
    for (const row of rebuilder.rows) {
      const status = row.status as TerminalStatus;
      const outcome = this.state!.workflows.of(row) === undefined ? status : null;
      this.loaded.set(row, { number: row.order, status, outcome, bytes: row.bytes });
    }
    rebuilder.link();
    for (const workflow of members)
      this.loadedWorkflows.set(workflow, { outcome: workflow.status as TerminalStatus, bytes: workflow.bytes });
    return super.get(executionId);
  }
}
