import type { TerminalStatus } from '../core/status.js';
import type { ExecutionRecord, WorkflowRecord } from './records.js';

/** How much is kept of one outcome; absent: any. */
export interface HistoryBounds {
  readonly count: number;
  /** ms since the end */
  readonly age?: number;
  /** of payloads and results */
  readonly bytes?: number;
}

/** What history keeps or drops as one: an execution that stands alone, or a workflow with all its executions. */
export interface HistoryUnit {
  readonly completedAt: number;
  readonly bytes: number;
}

/** What history holds of each outcome, in the order in which it came. */
export interface Shelves {
  bounds(outcome: TerminalStatus): HistoryBounds;
  count(outcome: TerminalStatus): number;
  bytes(outcome: TerminalStatus): number;
  /** The oldest one; of very many that are passed over, or are large, no more than a step may read. */
  oldest(outcome: TerminalStatus): HistoryUnit | undefined;
  /** Whether `oldest` has come to that bound. */
  isCut(): boolean;
  /** Drops what `oldest` has found. @returns how many executions, one at least */
  drop(outcome: TerminalStatus, unit: HistoryUnit): number;
}

/** Ended executions and workflows. */
export interface HistoryTable extends Shelves {
  /** Marks an ended execution as kept: it is not in history, since a live one may need it. */
  setKept(execution: ExecutionRecord): void;
  isKept(execution: ExecutionRecord): boolean;
  has(execution: ExecutionRecord): boolean;
  enter(execution: ExecutionRecord): void;
  /** Takes it out, and marks it as kept. */
  leave(execution: ExecutionRecord): void;
  hasWorkflow(workflow: WorkflowRecord): boolean;
  enterWorkflow(workflow: WorkflowRecord): void;
  leaveWorkflow(workflow: WorkflowRecord): void;
  /** Whether anything has entered since this was last asked. */
  takeGrown(outcome: TerminalStatus): boolean;
}
