import type { TerminalStatus } from '../../core/status.js';
import type { Row, WorkflowRow } from '../maps/rows.js';
import { Executions } from '../maps/state-data.js';
import type { State } from '../maps/state.js';
import type { Counted } from './archive-counts.js';
import type { Archive } from './archive.js';
import { Rebuilder } from './rebuild.js';

/**
 * Executions by id. One that is only in history comes back into memory when a transition looks for it, with all it
 * hangs together with; unless the transition needs it, it leaves again with the next commit.
 */
export class Residents extends Executions {
  /** What came back, and has neither left nor been moved to the living. */
  readonly recalled = new Map<Row, Counted>();
  readonly recalledWorkflows = new Map<WorkflowRow, { outcome: TerminalStatus; bytes: number }>();
  private archive: Archive | null = null;
  private state: State | null = null;

  /** From now on. */
  recallFrom(archive: Archive, state: State): void {
    this.archive = archive;
    this.state = state;
  }

  override get(executionId: string): Row | undefined {
    return super.get(executionId) ?? this.recall(executionId);
  }

  override has(executionId: string): boolean {
    return this.get(executionId) !== undefined;
  }

  /** Only where it is in memory. */
  override peek(executionId: string): Row | undefined {
    return super.get(executionId);
  }

  /** Everything comes back, for a look at the whole. @returns sends away workflows without executions; all else leaves by itself */
  recallAll(): () => void {
    const [archive, s] = [this.archive!, this.state!];
    const all = Number.MAX_SAFE_INTEGER;
    for (const { record } of archive.page({}, all, 0, all)) this.get(record.executionId);
    const missing = archive.workflows(all, all).filter(({ record }) => !s.workflows.has(record.workflowId));
    const rebuilder = new Rebuilder(s, archive.edges);
    const alone = missing.map((each) => rebuilder.workflow(each));
    rebuilder.link();
    return () => {
      for (const workflow of alone) s.history.forget(workflow);
    };
  }

  private recall(executionId: string): Row | undefined {
    const found = this.archive?.find(executionId);
    if (!found) return undefined;
    const { executions, workflows } =
      found.family > 0 ? this.archive!.family(found.family) : { executions: [found.execution], workflows: [] };
    const rebuilder = new Rebuilder(this.state!, this.archive!.edges);
    for (const each of executions) rebuilder.execution(each);
    const members = workflows.map((each) => rebuilder.workflow(each));
    // Before the edges are linked, which look for what has left history.
    for (const row of rebuilder.rows) {
      const status = row.status as TerminalStatus;
      const outcome = this.state!.workflows.of(row) === undefined ? status : null;
      this.recalled.set(row, { number: row.order, status, outcome, bytes: row.bytes });
    }
    rebuilder.link();
    for (const workflow of members)
      this.recalledWorkflows.set(workflow, { outcome: workflow.status as TerminalStatus, bytes: workflow.bytes });
    return super.get(executionId);
  }
}
