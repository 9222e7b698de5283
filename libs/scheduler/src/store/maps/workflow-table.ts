import type { WorkflowTable } from '../../engine/tables.js';
import type { Changed } from './changed.js';
import type { Row, WorkflowRow } from './rows.js';

/** Workflows by id, see WorkflowTable in the engine. */
export class MapsWorkflowTable extends Map<string, WorkflowRow> implements WorkflowTable {
  constructor(private readonly s: { touch(record: Changed): void }) {
    super();
  }

  /** Not one that history has dropped, where another one has its id. */
  of({ extra }: Row): WorkflowRow | undefined {
    if (extra === null || extra.workflow === null) return undefined;
    return this.get(extra.workflow.workflowId) === extra.workflow ? extra.workflow : undefined;
  }

  touch(workflow: WorkflowRow): void {
    this.s.touch(workflow);
  }

  /** They are counted anew when a file is opened. */
  touchCounts(): void {}

  addBytes(workflow: WorkflowRow, row: Row): void {
    workflow.bytes += row.bytes;
  }

  removeBytes(workflow: WorkflowRow, row: Row): void {
    workflow.bytes -= row.bytes;
  }
}
