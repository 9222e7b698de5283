import { Injectable, Logger } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { AdvancedTaskScheduler, SchedulerEvents, type ExecutionEvent } from 'nestjs-advanced-scheduler';

/** Logs the progress of workflow runs: one line for each step that starts, fails or ends. */
@Injectable()
export class WorkflowProgress {
  private readonly logger = new Logger('Workflow');
  /** When the current attempt of an execution started, ms. */
  private readonly startedAt = new Map<string, number>();

  constructor(private readonly scheduler: AdvancedTaskScheduler) {}

  @OnEvent(SchedulerEvents.EXECUTION_STARTED)
  onStarted(event: ExecutionEvent): void {
    if (event.workflowId === null) return;
    this.startedAt.set(event.executionId, Date.parse(event.time));
    this.logger.log(`▶ ${this.nameOf(event)}`);
  }

  @OnEvent(SchedulerEvents.EXECUTION_COMPLETED)
  onCompleted(event: ExecutionEvent): void {
    if (event.workflowId === null) return;
    const took = this.took(event);
    this.logger.log(`✔ ${this.nameOf(event)}${took}: ${summaryOf(event.result)}`);
  }

  @OnEvent(SchedulerEvents.EXECUTION_RETRYING)
  onRetrying(event: ExecutionEvent): void {
    if (event.workflowId === null) return;
    this.logger.warn(
      `↻ ${this.nameOf(event)}${this.took(event)}: ${event.error?.message ?? 'failed'}; will be retried`,
    );
  }

  @OnEvent(SchedulerEvents.EXECUTION_FAILED)
  onFailed(event: ExecutionEvent): void {
    if (event.workflowId === null) return;
    const why = event.error?.message ?? event.reason ?? 'failed';
    this.logger.error(`✘ ${this.nameOf(event)}${this.took(event)}: ${why} (${event.reason})`);
  }

  @OnEvent(SchedulerEvents.EXECUTION_SKIPPED)
  onSkipped(event: ExecutionEvent): void {
    if (event.workflowId !== null) this.logger.log(`– ${this.nameOf(event)}: skipped: a dependency was not satisfied`);
  }

  @OnEvent(SchedulerEvents.EXECUTION_CANCELLED)
  onCancelled(event: ExecutionEvent): void {
    if (event.workflowId !== null) this.logger.warn(`– ${this.nameOf(event)}${this.took(event)}: cancelled`);
  }

  private nameOf({ taskId }: ExecutionEvent): string {
    return this.scheduler.taskDefinitions.get(taskId)?.taskName ?? taskId;
  }

  /** ' (12 ms)', or '' for an execution that never started. */
  private took({ executionId, time }: ExecutionEvent): string {
    const start = this.startedAt.get(executionId);
    this.startedAt.delete(executionId);
    return start === undefined ? '' : ` (${Date.parse(time) - start} ms)`;
  }
}

function summaryOf(result: unknown): string {
  const summary = (result as { summary?: unknown } | null)?.summary;
  return typeof summary === 'string' ? summary : 'done';
}
