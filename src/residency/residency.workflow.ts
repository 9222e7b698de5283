import type { WorkflowRequest } from 'nestjs-advanced-scheduler';
import * as define from './residency.definitions.js';

const success = (...refs: string[]) => refs.map((ref) => ({ ref, type: 'success' as const }));

/**
 * The residency workflow:
 *
 *     rotations ─► calls ─► duty-hours ─┬─► report ─┬─► notify ─┬─ success ─► publish
 *                                       └─► alert ──┘           └─ failure ─► escalate
 *
 * A step lists every step whose result it reads, in addition to the one that it follows.
 */
export function residencyWorkflow(): WorkflowRequest {
  return {
    name: 'residency',
    tasks: [
      { ref: 'rotations', taskId: define.assembleRotationsTask.taskId, dependencies: [] },
      { ref: 'calls', taskId: define.generateCallsTask.taskId, dependencies: success('rotations') },
      { ref: 'duty-hours', taskId: define.checkDutyHoursTask.taskId, dependencies: success('rotations', 'calls') },
      {
        ref: 'report',
        taskId: define.writeReportTask.taskId,
        dependencies: success('rotations', 'calls', 'duty-hours'),
      },
      { ref: 'alert', taskId: define.alertViolationsTask.taskId, dependencies: success('duty-hours') },
      {
        ref: 'notify',
        taskId: define.notifyStaffTask.taskId,
        dependencies: success('rotations', 'calls', 'duty-hours', 'report', 'alert'),
      },
      {
        ref: 'publish',
        taskId: define.publishScheduleTask.taskId,
        dependencies: success('rotations', 'calls', 'notify'),
      },
      { ref: 'escalate', taskId: define.escalateTask.taskId, dependencies: [{ ref: 'notify', type: 'failure' }] },
    ],
  };
}
