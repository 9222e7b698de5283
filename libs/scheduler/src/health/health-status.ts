import type { ErrorInfo } from '../core/failure.js';
import type { TaskPriorityName } from '../core/priority.js';
import type { StoreCounters } from '../store/records.js';

export interface HealthStatus {
  /**
   * degraded: success rate below the threshold, a failing duty, a record set aside. unhealthy: the store does not
   * respond, or claiming has stalled.
   */
  status: 'healthy' | 'degraded' | 'unhealthy';
  /** The problems, as text for people. */
  problems: string[];
  /** Whether the store responded. If not, all values from the store are 0 or empty. */
  storeReachable: boolean;
  uptimeSeconds: number;
  /** % of executions that ended in the window with COMPLETED; 100 if none ended. */
  successRate: number;
  /** Seconds from start to end, of executions in the window. */
  averageExecutionTime: number;
  /** On all nodes. */
  runningTasks: number;
  /** Of this process. */
  maxConcurrentTasks: number;
  queueStats: {
    /** All that wait: ready, delayed, or for dependencies, a lock or a handler. */
    totalWaiting: number;
    /** Ready to be claimed. */
    totalQueued: number;
    byPriority: Record<TaskPriorityName, number>;
    /** How long the oldest ready execution of each priority has been due; 0 if there is none. */
    oldestAgeSeconds: Record<TaskPriorityName, number>;
    delayed: number;
    waitingForDependencies: number;
    waitingForLock: number;
    /** Ready, and met only workers without their handler. */
    waitingForHandler: number;
    pausedQueues: string[];
    /** Queues with ready executions and no live worker that claims from them. */
    unservedQueues: string[];
    /** Ids of tasks with ready executions and no live worker with a handler; at most 100. */
    unhandledTasks: string[];
  };
  /** % of successful lock requests: acquired / (acquired + timed out + lost); 100 if there are none. */
  lockSuccessRate: number;
  /** The last ten failed attempts, newest last. */
  recentErrors: { taskName: string; taskId: string; executionId: string; error: ErrorInfo; time: string }[];
  metrics: {
    /** COMPLETED and FAILED, since the store was created. */
    tasksExecuted: number;
    tasksSucceeded: number;
    tasksFailed: number;
    tasksRetried: number;
    tasksCancelled: number;
    tasksSkipped: number;
    /** Runs of this process whose handler ignores its signal. */
    stuckTasks: number;
    /** Duties of this process that failed twice in a row, and a refused registration of its worker. */
    failingDuties: number;
    /** Stored records that could not be processed and were set aside, on all nodes. */
    setAside: number;
    /** Locks held or waited for, on all nodes. */
    locks: number;
  } & StoreCounters;
}
