import type { LateEdge, PropagationStep, StepKind } from '../../engine/edge-records.js';
import type { StepTable } from '../../engine/edge-tables.js';
import { StepRow, type Changed } from './changed.js';
import type { Row } from './rows.js';

interface StepOwner {
  readonly edgeBudget: { readonly toDecide: number };
  nextNumber(): number;
  touch(record: Changed): void;
}

export class MapsStepTable implements StepTable {
  /** First in first out. */
  readonly steps: StepRow[] = [];

  constructor(private readonly s: StepOwner) {}

  add(row: Row, kind: StepKind, next: number, late?: LateEdge): void {
    const step = new StepRow(this.s.nextNumber(), row, kind, next, late);
    this.steps.push(step);
    this.s.touch(step);
  }

  run(run: (step: PropagationStep) => boolean): void {
    while (this.steps.length > 0 && this.s.edgeBudget.toDecide > 0) {
      const step = this.steps[0]!;
      this.s.touch(step);
      if (!run(step)) return;
      this.steps.shift();
      // Whether it may leave memory is asked anew.
      this.s.touch(step.row);
    }
  }
}
