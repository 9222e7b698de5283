/** The shapes on the wire, as far as the pages use them. Times are ISO 8601 text; priorities are names. */
export const STATUSES = ['PENDING', 'RUNNING', 'RETRYING', 'COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED'] as const;
export type Status = (typeof STATUSES)[number];
export const PRIORITIES = ['CRITICAL', 'HIGH', 'NORMAL', 'LOW', 'BACKGROUND'] as const;
export type Priority = (typeof PRIORITIES)[number];
export type Role = 'viewer' | 'operator' | 'admin';

export interface Page<T> {
  items: T[];
  nextCursor?: string | null;
}

export interface Me {
  name: string;
  role: Role;
  payloads: boolean;
}

export interface ErrorCause {
  name: string;
  message: string;
  code?: string | number | null;
  cause?: ErrorCause;
  errors?: ErrorCause[];
}

export interface ErrorInfo extends ErrorCause {
  stack?: string | null;
}

export interface RecentError {
  taskName: string;
  taskId: string;
  executionId: string;
  error: ErrorInfo;
  time: string;
}

export interface Health {
  status: 'healthy' | 'degraded' | 'unhealthy';
  problems: string[];
  uptimeSeconds: number;
  successRate: number;
  averageExecutionTime: number;
  runningTasks: number;
  maxConcurrentTasks: number;
  queueStats: {
    totalWaiting: number;
    totalQueued: number;
    byPriority: Record<Priority, number>;
    oldestAgeSeconds: Record<Priority, number>;
    delayed: number;
    waitingForDependencies: number;
    waitingForLock: number;
    waitingForHandler: number;
    pausedQueues: string[];
  };
  lockSuccessRate: number;
  recentErrors: RecentError[];
  metrics: Record<string, number>;
}

export interface Overview {
  health: Health;
  workers: number;
  throughput: { time: string | number; completed: number; failed: number }[];
}

export interface Task {
  taskId: string;
  taskName: string;
  priority: Priority;
  queue: string;
  tags: string[];
  requireLock: boolean;
  dependencies: { taskId: string; type: string }[];
}

export interface Attempt {
  attempt: number;
  startedTime: string;
  endedTime: string | null;
  workerId: string | null;
  outcome: string | null;
  error: ErrorInfo | null;
}

export interface WaitingFor {
  kind: string;
  queue?: string;
  until?: string;
  dependencies?: { taskId: string; ref: string; type: string; executionId: string | null; status: Status | null }[];
  lock?: { key: string; heldBy: string | null };
  limit?: { key: string };
  handler?: { taskId: string; funcPath: string };
}

export interface Execution {
  executionId: string;
  taskId: string;
  taskName: string;
  status: Status;
  priority: Priority;
  queue: string;
  payload?: unknown;
  scheduledTime: string;
  createdTime: string;
  startedTime: string | null;
  completedTime: string | null;
  cancelRequestedTime: string | null;
  retryCount: number;
  result?: unknown;
  error: ErrorInfo | null;
  reason: string | null;
  rootCause: { executionId: string; taskId: string; status: Status } | null;
  waitingFor: WaitingFor | null;
  attempts: Attempt[];
  progress: { fraction: number; note: string | null; time: string } | null;
  logs: string[];
  workflowId: string | null;
  ref: string | null;
  scheduleId: string | null;
  tags: string[];
}

export interface WorkflowNode {
  ref: string;
  executionId: string;
  taskId: string;
  status: Status;
  dependsOn: { ref: string; type: string }[];
}

export interface Workflow {
  workflowId: string;
  name: string;
  status: Status;
  createdTime: string;
  completedTime: string | null;
  nodes: WorkflowNode[];
}

/** A workflow in a list. */
export interface WorkflowRow extends Omit<Workflow, 'nodes'> {
  nodeCount: number;
  /** Of nodes, by their status; those that are not there are none. */
  counts: Partial<Record<Status, number>>;
}

export interface Schedule {
  id: string;
  taskId: string;
  cronExpression: string;
  timezone: string;
  startTime: string | null;
  endTime: string | null;
  overlap: 'allow' | 'skip' | 'queue' | 'cancel';
  misfire: 'skip' | 'once' | { all: number };
  /** ms */
  jitter: number;
  payload?: unknown;
  paused: boolean;
  nextRunTime: string | null;
  lastRunTime: string | null;
  lastExecutionId: string | null;
  declaredBy: string | null;
}

export interface Queue {
  name: string;
  paused: boolean;
  total: number;
  byPriority: Record<Priority, number>;
}

export interface Lock {
  key: string;
  owner: string | null;
  kind: 'execution' | 'handle' | null;
  fencingToken: number;
  expiresAt: number | string | null;
  remaining: number | null;
  waiting: number;
}

export interface Worker {
  workerId: string;
  hostname: string;
  pid: number;
  appName: string;
  version: string;
  tasks: string[];
  queues: string[];
  maxConcurrentTasks: number;
  state: 'active' | 'draining';
  startedTime: string;
  lastBeatTime: string;
  running: number;
}

/** The fields of the events that pages look at. */
export interface LiveEvent {
  name: string;
  data: {
    executionId?: string;
    workflowId?: string | null;
    taskId?: string;
    status?: Status;
    transition?: string;
    time?: string;
  };
}
