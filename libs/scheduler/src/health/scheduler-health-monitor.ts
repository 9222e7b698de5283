import { Inject, Injectable } from '@nestjs/common';
import { SchedulerError } from '../core/errors.js';
import { CLOCK, type Clock } from '../core/clock.js';
import { Liveness } from '../core/liveness.js';
import { PRIORITY_NAMES, type TaskPriorityName } from '../core/priority.js';
import { noCounts, noStatuses } from '../store/no-counts.js';
import type { StoreStats } from '../store/records.js';
import { unservedQueues } from '../store/unserved.js';
import { TASK_STORE, type HealthStore } from '../store/task-store.js';
import type { HealthStatus } from './health-status.js';

export interface HealthSettings {
  /** The scheduler's name, or 'default'. */
  scheduler: string;
  maxConcurrentTasks: number;
  /** % of successes; below it the status is degraded. */
  threshold: number;
  /** ms over which successes are counted. */
  window: number;
  /** ms without communication between worker and store after which claiming counts as stalled. */
  stall: number;
}
export const HEALTH_SETTINGS = Symbol.for('nestjs-advanced-scheduler:health-settings');

const STORE_TIMEOUT_MS = 1000;
/** Interval of store queries for readiness, ms. */
const ASK_EVERY_MS = 1000;

/** Reports the health of the scheduler. Only reads. */
@Injectable()
export class SchedulerHealthMonitor {
  private readonly begun: number;
  private recent: { at: number; answer: Promise<StoreStats> } | null = null;

  constructor(
    @Inject(TASK_STORE) private readonly store: HealthStore,
    private readonly liveness: Liveness,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(HEALTH_SETTINGS) private readonly settings: HealthSettings,
  ) {
    this.begun = clock.monotonic();
  }

  get scheduler(): string {
    return this.settings.scheduler;
  }

  /** Whether this process has started: handlers are found, definitions are stored. */
  get started(): boolean {
    return this.liveness.ready;
  }

  /** Why no slot of this process can become free by itself; null: slots do. */
  get starved(): string | null {
    return this.liveness.starved;
  }

  /** Never rejects: a store that does not respond is a status. */
  getStatus(): Promise<HealthStatus> {
    return this.statusOf(this.ask(), true);
  }

  /**
   * @param inWords whether to quote messages of the store and of duties, which may contain hosts and keys; otherwise
   * codes only
   */
  private async statusOf(answer: Promise<StoreStats>, inWords: boolean): Promise<HealthStatus> {
    const problems = this.localProblems();
    const stats = await answer.catch((error: unknown) => {
      problems.push(inWords ? `the store does not respond: ${messageOf(error)}` : codeOf(error));
      return null;
    });
    const report = this.report(stats ?? NOTHING);
    const doubts = this.liveness.failing.map(
      ({ duty, times, reason }) => `${duty} has failed ${times} times in a row${inWords ? `: ${reason}` : ''}`,
    );
    const { starved } = this.liveness;
    if (starved !== null) doubts.push(inWords ? starved : 'all slots are occupied by runs that wait for executions');
    if (report.successRate < this.settings.threshold)
      doubts.push(`success rate ${report.successRate.toFixed(1)} % is below ${this.settings.threshold} %`);
    if (report.metrics.setAside > 0)
      doubts.push(`${report.metrics.setAside} stored records could not be processed and were set aside`);
    const status = problems.length > 0 ? 'unhealthy' : doubts.length > 0 ? 'degraded' : 'healthy';
    problems.push(...doubts);
    return { status, problems, storeReachable: stats !== null, ...report };
  }

  /**
   * Whether traffic and work may come here: started, not draining, not unhealthy. May be called by anyone at any rate:
   * the store is asked at most once a second, and its errors are reported by code.
   */
  async readiness(): Promise<{ ready: boolean; problems: string[]; status: HealthStatus['status'] }> {
    const { status, problems } = await this.statusOf(this.recentAnswer(), false);
    if (!this.liveness.ready) problems.unshift('not started yet');
    if (this.liveness.state === 'draining' || this.liveness.state === 'stopped') problems.unshift(this.liveness.state);
    const ready =
      status !== 'unhealthy' &&
      this.liveness.ready &&
      this.liveness.state !== 'draining' &&
      this.liveness.state !== 'stopped';
    return { ready, problems, status };
  }

  private localProblems(): string[] {
    if (this.liveness.state !== 'running') return [];
    const silence = this.clock.monotonic() - this.liveness.lastProgress;
    return silence > this.settings.stall ? [`claiming has stalled for ${Math.round(silence / 1000)} s`] : [];
  }

  private recentAnswer(): Promise<StoreStats> {
    const now = this.clock.monotonic();
    if (this.recent === null || now - this.recent.at >= ASK_EVERY_MS) {
      this.recent = { at: now, answer: this.ask() };
      // Callers that wait for the answer receive the error.
      this.recent.answer.catch(() => undefined);
    }
    return this.recent.answer;
  }

  private async ask(): Promise<StoreStats> {
    let late: (() => void) | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      const timer = this.clock.setTimer(STORE_TIMEOUT_MS, () =>
        reject(new Error(`no reply within ${STORE_TIMEOUT_MS} ms`)),
      );
      late = () => timer.cancel();
    });
    try {
      return await Promise.race([this.store.stats(), timeout]);
    } finally {
      late?.();
    }
  }

  private report(stats: StoreStats): Omit<HealthStatus, 'status' | 'problems' | 'storeReachable'> {
    const { counters } = stats;
    const since = Math.floor((stats.now - this.settings.window) / 60_000);
    const recent = stats.window.filter((minute) => minute.minute >= since);
    const sum = (pick: (minute: StoreStats['window'][number]) => number): number =>
      recent.reduce((total, minute) => total + pick(minute), 0);
    const completed = sum((minute) => minute.completed);
    const ended = completed + sum((minute) => minute.failed);
    const locks = counters.lockAcquired + counters.lockTimeouts + counters.locksLost;
    return {
      uptimeSeconds: Math.floor((this.clock.monotonic() - this.begun) / 1000),
      successRate: ended === 0 ? 100 : (100 * completed) / ended,
      averageExecutionTime: ended === 0 ? 0 : sum((minute) => minute.durationMs) / ended / 1000,
      runningTasks: stats.byStatus.RUNNING,
      maxConcurrentTasks: this.settings.maxConcurrentTasks,
      queueStats: queueStats(stats),
      lockSuccessRate: locks === 0 ? 100 : (100 * counters.lockAcquired) / locks,
      recentErrors: stats.recentErrors,
      metrics: {
        tasksExecuted: counters.completed + counters.failed,
        tasksSucceeded: counters.completed,
        tasksFailed: counters.failed,
        tasksRetried: counters.retried,
        tasksCancelled: counters.cancelled,
        tasksSkipped: counters.skipped,
        stuckTasks: this.liveness.stuckTasks,
        failingDuties: this.liveness.failing.length,
        setAside: stats.setAside,
        locks: stats.locks,
        ...counters,
      },
    };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): string {
  return error instanceof SchedulerError ? error.code : 'STORE_UNAVAILABLE';
}

function queueStats(stats: StoreStats): HealthStatus['queueStats'] {
  const perLevel = (value: (level: number) => number): Record<TaskPriorityName, number> =>
    Object.fromEntries(PRIORITY_NAMES.map((name, level) => [name, value(level)])) as Record<TaskPriorityName, number>;
  const byPriority = perLevel((level) => stats.queues.reduce((sum, queue) => sum + queue.byPriority[level]!, 0));
  const oldestAgeSeconds = perLevel((level) => {
    const times = stats.queues.flatMap((queue) => queue.oldestReadyTime[level] ?? []);
    return times.length === 0 ? 0 : Math.max(0, stats.now - Math.min(...times)) / 1000;
  });
  const totalQueued = Object.values(byPriority).reduce((sum, size) => sum + size, 0);
  const { delayed, waitingForDependencies, waitingForLock, waitingForHandler } = stats;
  return {
    totalWaiting: totalQueued + delayed + waitingForDependencies + waitingForLock + waitingForHandler,
    totalQueued,
    byPriority,
    oldestAgeSeconds,
    delayed,
    waitingForDependencies,
    waitingForLock,
    waitingForHandler,
    pausedQueues: stats.queues.filter((queue) => queue.paused).map((queue) => queue.queue),
    unservedQueues: unservedQueues(stats.queues),
    unhandledTasks: stats.unhandledTasks,
  };
}

/** The values for a store that does not respond. */
const NOTHING: StoreStats = {
  now: 0,
  counters: noCounts(),
  byStatus: noStatuses(),
  queues: [],
  unhandledTasks: [],
  delayed: 0,
  waitingForDependencies: 0,
  waitingForLock: 0,
  waitingForHandler: 0,
  window: [],
  locks: 0,
  setAside: 0,
  returned: 0,
  rewound: 0,
  recentErrors: [],
  workers: 0,
};
