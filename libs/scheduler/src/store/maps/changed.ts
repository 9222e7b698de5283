import type { LateEdge, PropagationStep, StepKind } from '../../engine/edge-records.js';
import type { KeyRow } from './key-row.js';
import type { Edge, LockRow, QueueRow, Row, TaskRow, WorkflowRow } from './rows.js';
import type { ScheduleRow } from './schedule-row.js';

/** What is still to be done for an end, a reopening or an arrival. */
export class StepRow implements PropagationStep {
  examined: number | undefined = undefined;

  constructor(
    readonly order: number,
    readonly row: Row,
    readonly kind: StepKind,
    public next: number,
    readonly late?: LateEdge,
  ) {}

  get executionId(): string {
    return this.row.id;
  }
}

/** What a transition may change. */
export type Changed = Row | Edge | QueueRow | TaskRow | LockRow | WorkflowRow | ScheduleRow | KeyRow | StepRow;
