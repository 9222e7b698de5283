import { Injectable, Logger } from '@nestjs/common';
import { AdvancedTaskScheduler, TaskStatus, type TaskExecution, type WorkflowRun } from 'nestjs-advanced-scheduler';
import { describeViolation } from './domain/duty-rules.js';
import type { ResidencyResults } from './residency.definitions.js';
import { residencyWorkflow } from './residency.workflow.js';

/** How a run of the residency workflow ended. */
export interface WorkflowOutcome {
  workflowId: string;
  status: TaskStatus;
  /** Each step's execution by its ref. */
  steps: Record<string, TaskExecution>;
}

/** How many recent workflows are searched for an unfinished run. */
const RECENT_WORKFLOWS = 100;
const ENDED: readonly TaskStatus[] = ['COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED'];

/** Runs the residency workflow and reports how it ended. */
@Injectable()
export class WorkflowRunner {
  private readonly logger = new Logger('Residency');

  constructor(private readonly scheduler: AdvancedTaskScheduler) {}

  /**
   * Runs the workflow to its end.
   * @param signal stops waiting (the run continues); rejects with its reason
   */
  async run(signal?: AbortSignal): Promise<WorkflowOutcome> {
    const run = await this.scheduler.runWorkflow(residencyWorkflow());
    this.logger.log(`workflow ${run.workflowId}: ${Object.keys(run.executions).length} steps`);
    return this.toItsEnd(run, signal);
  }

  /** Resumes the run that a process left unfinished, or starts one. */
  async runOrResume(): Promise<WorkflowOutcome> {
    const { items } = await this.scheduler.listWorkflows({ limit: RECENT_WORKFLOWS });
    const unfinished = items.find(({ name, status }) => name === residencyWorkflow().name && status === 'RUNNING');
    if (!unfinished) return this.run();
    const { workflowId, nodes } = unfinished;
    const ended = nodes.filter(({ status }) => ENDED.includes(status)).length;
    this.logger.log(`workflow ${workflowId} resumes: ${ended} of ${nodes.length} steps done`);
    return this.toItsEnd({ workflowId, executions: Object.fromEntries(nodes.map((n) => [n.ref, n.executionId])) });
  }

  private async toItsEnd({ workflowId, executions }: WorkflowRun, signal?: AbortSignal): Promise<WorkflowOutcome> {
    const started = performance.now();
    const steps = Object.fromEntries(
      await Promise.all(
        Object.entries(executions).map(
          async ([ref, id]) => [ref, await this.scheduler.waitForExecution(id, { signal })] as const,
        ),
      ),
    );
    const status = (await this.scheduler.getWorkflow(workflowId))?.status ?? TaskStatus.COMPLETED;
    const outcome = { workflowId, status, steps };
    this.report(outcome, performance.now() - started);
    return outcome;
  }

  private report({ status, steps }: WorkflowOutcome, elapsed: number): void {
    const count = (wanted: TaskStatus) => Object.values(steps).filter((step) => step.status === wanted).length;
    const counts = Object.values(TaskStatus).map((each) => ({ each, n: count(each) }));
    const parts = counts.filter(({ n }) => n > 0).map(({ each, n }) => `${n} ${each}`);
    this.logger.log(`workflow ${status} in ${Math.round(elapsed)} ms: ${parts.join(', ')}`);
    const audit = steps['duty-hours']?.result as ResidencyResults['duty-hours'] | null;
    for (const violation of audit?.violations ?? []) {
      this.logger.warn(`${violation.residentId}: ${describeViolation(violation)}`);
    }
    const report = steps.report?.result as ResidencyResults['report'] | null;
    if (report) this.logger.log(`the report is in ${report.path}`);
  }
}
