import type { Effect, ExecutionEffect, ExecutionTransition } from '../../../core/effects.js';
import type { TaskPriority } from '../../../core/priority.js';
import type { Reason, TaskStatus } from '../../../core/status.js';
import { EXECUTION_EFFECT } from './codes.js';
import { errorOf } from './views.js';

type Raw = [kind: string, ...fields: unknown[]];

/** Parses the effects of a script: arrays, with false for null. */
export function effectsOf(text: string): Effect[] {
  return (JSON.parse(text) as Raw[]).map(effectOf);
}

function effectOf([kind, ...f]: Raw): Effect {
  switch (kind) {
    case EXECUTION_EFFECT:
      return executionEffect(f);
    case 'ready':
      return { kind, queue: f[0] as string };
    case 'due':
      return { kind: 'timerDue', at: f[0] as number };
    case 'more':
      return { kind: 'workRemains' };
    case 'workflow':
      return { kind, workflowId: f[0] as string, status: f[1] as TaskStatus, time: f[2] as number };
    case 'progress': {
      const [executionId, taskId, fraction, note, time] = f as [string, string, string, string | false, number];
      return { kind, executionId, taskId, fraction: Number(fraction), note: note === false ? null : note, time };
    }
    case 'log': {
      const [executionId, taskId, line, time] = f as [string, string, string, number];
      return { kind, executionId, taskId, line, time };
    }
    case 'stale': {
      const [executionId, leaseToken, workerId, time] = f as [string, number, string, number];
      return { kind, executionId, leaseToken, workerId, time };
    }
    case 'lock': {
      const [transition, key, owner, fencingToken, time] = f as ['granted', string, string, number, number];
      return { kind, transition, key, owner, fencingToken, time };
    }
    case 'queue':
      return { kind, transition: f[0] as 'paused', queue: f[1] as string, time: f[2] as number };
    case 'schedule': {
      const [transition, scheduleId, taskId, time] = f as ['put', string, string, number];
      return { kind, transition, scheduleId, taskId, time };
    }
    case 'aside': {
      const [step, id, error, time] = f as [string, string, string, number];
      return { kind: 'setAside', step, id, error, time };
    }
    case 'clock':
      return { kind: 'clockStep', by: f[0] as number, time: f[1] as number };
    case 'returned':
      return { kind, workerId: f[0] as string, count: f[1] as number, time: f[2] as number };
    case 'rewound':
      return { kind, workerId: (f[0] || null) as string | null, count: f[1] as number, time: f[2] as number };
    case 'worker':
      return { kind, transition: f[0] as 'joined', workerId: f[1] as string, time: f[2] as number };
    default:
      throw new TypeError(`unknown kind of effect: ${kind}`);
  }
}

function executionEffect(fields: unknown[]): ExecutionEffect {
  const [transition, executionId, taskId, status, queue, priority, time, ...rest] = fields;
  const [workerId, workflowId, result, error, reason] = rest.map((each) => (each === false ? null : each)) as string[];
  return {
    kind: 'execution',
    transition: transition as ExecutionTransition,
    executionId: executionId as string,
    taskId: taskId as string,
    status: status as TaskStatus,
    queue: queue as string,
    priority: priority as TaskPriority,
    time: time as number,
    workerId: workerId ?? null,
    workflowId: workflowId ?? null,
    result: result ?? null,
    error: errorOf(error || false),
    reason: (reason as Reason | undefined) ?? null,
  };
}
