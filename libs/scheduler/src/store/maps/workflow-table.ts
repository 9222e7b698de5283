import type { WorkflowTable } from '../../engine/tables.js';
import type { Changed } from './changed.js';
import type { Row, WorkflowRow } from './rows.js';
import { bytes } from './weight.js';

/** Workflows by id, see WorkflowTable in the engine. */
export class MapsWorkflowTable extends Map<string, WorkflowRow> implements WorkflowTable {
  constructor(private readonly s: { touch(record: Changed): void }) {
    super();
  }

  override get(id: string | undefined): WorkflowRow | undefined {
    return super.get(id!);
  }

  touch(workflow: WorkflowRow): void {
    this.s.touch(workflow);
  }

  /** They are counted anew when a file is opened. */
  touchCounts(): void {}

  addBytes(workflow: WorkflowRow, row: Row): void {
    workflow.bytes += bytes(row);
  }

  removeBytes(workflow: WorkflowRow, row: Row): void {
    workflow.bytes -= bytes(row);
  }
}
