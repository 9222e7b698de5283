/** @module nestjs-advanced-scheduler */
// ---- the module and the scheduler --------------------------------------------------------------------------------
export { SchedulerModule } from './scheduler/scheduler.module.js';
export type {
  EmbeddedOptions,
  HistoryByOutcome,
  HistoryOptions,
  QueueOptions,
  RedisAddress,
  RedisStoreOptions,
  SchedulerModuleAsyncOptions,
  SchedulerModuleOptions,
  SchedulerOptions,
  SchedulerOptionsFactory,
  StoreOptions,
} from './scheduler/options.js';
export { AdvancedTaskScheduler, type ScheduleRequest } from './scheduler/advanced-task-scheduler.js';
export type { Explanation } from './scheduler/explain.js';
export type { ListExecutionsOptions, ListWorkflowsOptions } from './scheduler/list-options.js';
export type { WorkflowRun } from './scheduler/execution-planner.js';
export type { RunWorkflowRequest, WorkflowNode } from './scheduler/workflow-request.js';
export { InjectScheduler, getSchedulerToken } from './scheduler/tokens.js';
export { checkRedis, type RedisCheck } from './scheduler/check-redis.js';

// ---- tasks -------------------------------------------------------------------------------------------------------
export { ScheduledTask } from './task/scheduled-task.decorator.js';
export {
  defineTask,
  type CronSetting,
  type TaskOptions,
  type TaskOptionsFactory,
  type TaskRef,
  type TaskTarget,
} from './task/task-ref.js';
export { TaskContext } from './task/task-context.js';
export type { LockKey, ResolvedTask, TaskDefinition, TaskMirror, TaskRecord } from './core/task-definition.js';
export type { ScheduleOptions } from './core/plan-execution.js';
export { MAX_WORKFLOW_EDGES, MAX_WORKFLOW_NODES } from './core/limits.js';
export { DEPENDENCY_TYPES, type DependencyType, type TaskDependency } from './core/dependency.js';
export { RetryStrategy, type RetryConfig } from './core/retry.js';
export { priorityName, TaskPriority, type TaskPriorityInput, type TaskPriorityName } from './core/priority.js';
export type { Duration } from './core/duration.js';
export type { CronOptions, CronSchedule, MisfirePolicy, OverlapPolicy } from './core/schedule.js';

// ---- executions --------------------------------------------------------------------------------------------------
export { Reason, TaskStatus, type TerminalStatus, type WaitingForKind } from './core/status.js';
export type { ExecutionId, RootCause, TaskAttempt, TaskExecution, TaskProgress, WaitingFor } from './core/execution.js';
export type { ErrorCause, ErrorInfo } from './core/failure.js';
export { Redaction, REDACTED } from './core/redaction.js';
export type { LockInfo, Page, QueueInfo, WorkerInfo, WorkflowInfo, WorkflowNodeInfo } from './store/records.js';

// ---- parts -------------------------------------------------------------------------------------------------------
export { QueueModule } from './queue/queue.module.js';
export { PriorityTaskQueue } from './queue/priority-task-queue.js';
export { DependencyModule } from './dependency/dependency.module.js';
export { TaskDependencyGraph } from './dependency/task-dependency-graph.js';
export type { WorkflowDependency, WorkflowRequest, WorkflowTask } from './dependency/workflow-plan.js';
export { LockModule } from './lock/lock.module.js';
export { DistributedTaskLock, type AcquireOptions } from './lock/distributed-task-lock.js';
export type { LockHandle } from './lock/lock-handle.js';
export { RetryModule } from './retry/retry.module.js';
export { TaskRetryManager } from './retry/task-retry-manager.js';
export { CronModule } from './cron/cron.module.js';
export { previewCron, type PreviewOptions } from './cron/preview-cron.js';
export { WorkerModule } from './worker/worker.module.js';

// ---- health ------------------------------------------------------------------------------------------------------
export { HealthModule } from './health/health.module.js';
export { SchedulerHealthIndicator } from './health/scheduler-health.indicator.js';
export { SchedulerHealthMonitor } from './health/scheduler-health-monitor.js';
export { SchedulerProbesModule } from './health/scheduler-probes.module.js';
export type { HealthStatus } from './health/health-status.js';

// ---- events ------------------------------------------------------------------------------------------------------
export * from './events/scheduler-events.js';

// ---- errors and time ---------------------------------------------------------------------------------------------
export * from './core/errors.js';
export { SystemClock, type Clock, type ClockTimer } from './core/clock.js';
