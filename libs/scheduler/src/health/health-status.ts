import type { ErrorInfo } from '../core/failure.js';
import type { TaskPriorityName } from '../core/priority.js';
import type { StoreCounters } from '../store/records.js';

export interface HealthStatus {
  /** degraded: success rate below the threshold, a duty that fails, a record set aside; unhealthy: the store does not answer, or claiming has stalled. */
  status: 'healthy' | 'degraded' | 'unhealthy';
  /** What is wrong, for people. */
  problems: string[];
  /** Whether the store answered; where not, all that it would have told is 0 or empty. */
  storeReachable: boolean;
  uptimeSeconds: number;
  /** % of executions that ended in the window and COMPLETED; 100 when none ended. */
  successRate: number;
  /** Seconds from start to end, of those in the window. */
  averageExecutionTime: number;
  /** On all nodes. */
  runningTasks: number;
  /** Of this process. */
  maxConcurrentTasks: number;
  queueStats: {
    /** Ready to be claimed. */
    totalQueued: number;
    byPriority: Record<TaskPriorityName, number>;
    /** How long the oldest ready execution of each level has been due; 0 where there is none. */
    oldestAgeSeconds: Record<TaskPriorityName, number>;
    delayed: number;
    waitingForDependencies: number;
    waitingForLock: number;
    pausedQueues: string[];
    /** Queues with ready executions from which no live worker claims. */
    unservedQueues: string[];
    /** Ids of tasks with ready executions for which no live worker has a handler; at most 100. */
    unhandledTasks: string[];
  };
  /** % of lock requests that got it: acquired / (acquired + timed out + lost); 100 when none. */
  lockSuccessRate: number;
  /** The last ten failed attempts, newest last. */
  recentErrors: { taskName: string; taskId: string; executionId: string; error: ErrorInfo; time: string }[];
  metrics: {
    /** COMPLETED and FAILED, since the store began. */
    tasksExecuted: number;
    tasksSucceeded: number;
    tasksFailed: number;
    tasksRetried: number;
    tasksCancelled: number;
    tasksSkipped: number;
    /** Runs whose handler ignores its signal, in this process. */
    stuckTasks: number;
    /** Duties of this process that failed twice in a row, and a registration of its worker that was refused. */
    failingDuties: number;
    /** Stored records that could not be treated and were set aside, on all nodes. */
    setAside: number;
    /** Locks held or waited for, on all nodes. */
    locks: number;
  } & StoreCounters;
}
