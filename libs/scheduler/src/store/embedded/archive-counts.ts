import type { TerminalStatus } from '../../core/status.js';

/** A unit of history on disk. */
export interface Retired {
  kind: 'execution' | 'workflow';
  number: number;
  /** Its place among those of its outcome. */
  rank: number;
  completedAt: number;
  bytes: number;
}

/** An execution of history, as far as counts go. */
export interface Counted {
  number: number;
  status: TerminalStatus;
  /** null: it belongs to a workflow. */
  outcome: TerminalStatus | null;
  bytes: number;
}

const noUnits = () => ({ count: 0, bytes: 0 });

/** How much history has on disk. */
export class ArchiveCounts {
  executions = 0;
  readonly byStatus: Record<TerminalStatus, number> = { COMPLETED: 0, FAILED: 0, CANCELLED: 0, SKIPPED: 0 };
  /** Executions that stand alone, and workflows. */
  readonly units: Record<TerminalStatus, { count: number; bytes: number }> = {
    COMPLETED: noUnits(),
    FAILED: noUnits(),
    CANCELLED: noUnits(),
    SKIPPED: noUnits(),
  };

  addExecutions(status: TerminalStatus, count: number): void {
    this.executions += count;
    this.byStatus[status] += count;
  }

  addUnits(outcome: TerminalStatus, count: number, bytes: number): void {
    this.units[outcome].count += count;
    this.units[outcome].bytes += bytes;
  }

  copy(): ArchiveCounts {
    return Object.assign(new ArchiveCounts(), structuredClone({ ...this }));
  }
}
