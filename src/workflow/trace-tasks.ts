import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { defineTask, ScheduledTask, SchedulerEvents } from 'nestjs-advanced-scheduler';
import { Ledger } from './ledger.js';
import { waitUntil } from './precise-wait.js';

export interface TracePayload {
  id: string;
  durationMs: number;
}

export const traceTask = defineTask<TracePayload, void>('workflow.trace.task', {
  taskName: 'Task of a recorded workflow',
});

/** Simulates the tasks of a trace: each waits for its recorded time and records its run in the ledger. */
@Injectable()
export class TraceTasks {
  /** Resolves when the workflow has ended. One application runs one workflow. */
  readonly ended: Promise<void>;
  private end!: () => void;

  constructor(private readonly ledger: Ledger) {
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  @ScheduledTask(traceTask)
  async play({ id, durationMs }: TracePayload): Promise<void> {
    await waitUntil(this.ledger.started(id) + durationMs);
    this.ledger.ended(id);
  }

  @OnEvent(SchedulerEvents.WORKFLOW_ENDED)
  onEnd(): void {
    this.end();
  }
}
