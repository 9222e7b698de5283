import { defineTask, RetryStrategy, TaskPriority } from 'nestjs-advanced-scheduler';
import type { CallSchedule } from './domain/calls.js';
import type { DutyAudit } from './domain/duty-hours.js';
import type { ReportSummary } from './domain/report.js';
import type { RotationPlan } from './domain/rotations.js';

/** The common part of all results: one sentence about what the task did. */
export interface Done {
  summary: string;
}

/** Results that the tasks of one workflow run find under these refs. */
export interface ResidencyResults {
  rotations: RotationPlan & Done;
  calls: CallSchedule & Done;
  'duty-hours': DutyAudit & Done;
  report: { path: string; figures: ReportSummary } & Done;
}

export const assembleRotationsTask = defineTask<null, ResidencyResults['rotations']>('residency.rotations.assemble', {
  taskName: 'Assemble rotations',
  priority: TaskPriority.HIGH,
  timeout: '30s',
});

export const generateCallsTask = defineTask<null, ResidencyResults['calls']>('residency.calls.generate', {
  taskName: 'Generate call schedule',
  priority: TaskPriority.HIGH,
  timeout: '30s',
});

export const checkDutyHoursTask = defineTask<null, ResidencyResults['duty-hours']>('residency.duty-hours.check', {
  taskName: 'Check duty hours',
  timeout: '30s',
});

/** Exclusive: two runs that write the report of one program never overlap. */
export const writeReportTask = defineTask<null, ResidencyResults['report']>('residency.report.write', {
  taskName: 'Write report',
  requireLock: true,
  lockKey: 'residency.report',
  lockTimeout: '1m',
  timeout: '30s',
});

export const alertViolationsTask = defineTask<null, Done & { violations: number }>('residency.violations.alert', {
  taskName: 'Alert director to violations',
  priority: TaskPriority.CRITICAL,
  timeout: '30s',
});

/** The mail gateway refuses at first, and each refusal uses one attempt. */
export const notifyStaffTask = defineTask<null, Done & { messages: number }>('residency.staff.notify', {
  taskName: 'Notify staff',
  timeout: '30s',
  retryConfig: {
    strategy: RetryStrategy.EXPONENTIAL,
    maxAttempts: 5,
    initialDelay: '200ms',
    maxDelay: '2s',
    jitter: true,
  },
});

/** Runs if all mail was sent. */
export const publishScheduleTask = defineTask<null, Done & { path: string }>('residency.schedule.publish', {
  taskName: 'Publish schedule',
  timeout: '30s',
});

/** Runs if the mail could not be sent, after all retries. */
export const escalateTask = defineTask<null, Done>('residency.staff.escalate', {
  taskName: 'Escalate to director',
  priority: TaskPriority.CRITICAL,
  timeout: '30s',
});
