import type { LockNeed, NewExecution } from '../../core/commands.js';
import type { DependencyType } from '../../core/dependency.js';
import type { TaskAttempt, TaskProgress, RootCause } from '../../core/execution.js';
import type { ErrorInfo } from '../../core/failure.js';
import type { JsonText } from '../../core/json.js';
import { textOf, type Payload } from '../../core/payload.js';
import type { TaskPriority } from '../../core/priority.js';
import type { RunBudget } from '../../core/run-budget.js';
import type { Reason, TaskStatus } from '../../core/status.js';
import type { TaskRecord } from '../../core/task-definition.js';
import type { EdgeRecord, EdgeState, NewEdge } from '../../engine/edge-records.js';
import type {
  ExecutionRecord,
  HandleWait,
  LockRecord,
  QueueRecord,
  Starts,
  WorkerRecord,
  WorkflowRecord,
} from '../../engine/records.js';
import type { WorkerRegistration } from '../records.js';
import type { Deadline } from './deadline.js';
import { Heap, type HeapItem } from './heap.js';
import type { PipelineReply } from './pipeline-reply.js';
import { levels, LinkedList, type ListItem } from './list.js';
import { RareFields, WithRareFields } from './rare-fields.js';

/** Where an execution stands; it is in one place at a time. */
export type Place =
  'ready' | 'delayed' | 'dependencies' | 'lock' | 'unhandled' | 'running' | 'kept' | 'history' | 'gone';

/** An edge of one execution to its upstream execution, once that exists. */
export class Edge implements EdgeRecord, HeapItem {
  at = 0;
  heapIndex = -1;
  upstream: Row | null = null;
  state: EdgeState = 'open';
  /** Its place among those that lead to its upstream: its order, unless it was linked behind a newer one. */
  rank: number;
  readonly index: number;

  constructor(
    readonly order: number,
    readonly dependent: Row,
    readonly task: TaskRow,
    { ref, type, maxAge, reuse, timeout }: Omit<NewEdge, 'taskId'>,
  ) {
    this.ref = ref;
    this.type = type;
    this.maxAge = maxAge;
    this.reuse = reuse;
    this.timeout = timeout;
    this.rank = order;
    const edges = (dependent.more().edges ??= []);
    this.index = edges.push(this);
  }

  readonly ref: string;
  readonly type: DependencyType;
  readonly maxAge: number | undefined;
  readonly reuse: boolean;
  readonly timeout: number | undefined;

  get upstreamId(): string | undefined {
    return this.upstream?.id;
  }
}

/** What most executions do without. */
export class Extra extends RareFields {
  edges: Edge[] | null = null;
  /** Edges that others have to this one, in the order they were made. */
  dependents: Edge[] | null = null;
  /** Dependents that have not ended: while there are any, this one is kept. */
  liveDependents = 0;
  /** By task: the request of which an execution has used, or will use, this one's outcome; '': of an earlier process. */
  usedBy: Map<TaskRow, string> | null = null;
  lock: LockNeed | null = null;
  /** Where it waits for its lock, parked or ready; null: it does not wait for it. */
  line: LockLine | null = null;
  /** The end of its wait for the lock. */
  lockWait: Deadline<Row> | null = null;
  grace: Deadline<Row> | null = null;
  expiry: Deadline<Row> | null = null;
  bound: Deadline<Row> | null = null;
  /** ms by which the wall clock has stepped during the run. */
  stepped = 0;
  tags: readonly string[] | null = null;
  workflow: WorkflowRow | null = null;
  ref: string | null = null;
  schedule: string | null = null;
  progress: TaskProgress | null = null;
  logs: string[] | null = null;
  rootCause: RootCause | undefined = undefined;
}

/** One execution. */
export class Row extends WithRareFields implements ExecutionRecord, ListItem<Row>, HeapItem {
  prev: Row | null = null;
  next: Row | null = null;
  list: LinkedList<Row> | null = null;
  rank = 0;
  /** Neighbours in the order of creation. */
  older: Row | null = null;
  newer: Row | null = null;
  heapIndex = -1;
  place: Place = 'ready';
  status: TaskStatus = 'PENDING';
  /** Due at (ms): the heap's key while delayed. */
  at: number;
  isDated: boolean | undefined = undefined;
  readonly id: string;
  readonly priority: TaskPriority;
  /** As it was given. */
  readonly given: Payload | null;
  readonly timeout: number | undefined;
  ttl: number | undefined = undefined;
  readonly budget: RunBudget | null;
  startedAt = 0;
  completedAt = 0;
  cancelRequestedAt = 0;
  leaseToken = 0;
  runs = 0;
  failures = 0;
  crashes = 0;
  snoozes = 0;
  openEdges = 0;
  worker: WorkerRow | null = null;
  lastWorkerId: string | undefined = undefined;
  result: JsonText | undefined = undefined;
  error: ErrorInfo | undefined = undefined;
  reason: Reason | undefined = undefined;
  attempts: TaskAttempt[] | undefined = undefined;
  extra: Extra | null = null;

  constructor(
    readonly order: number,
    readonly task: TaskRow,
    readonly queue: QueueRow,
    readonly createdTime: number,
    command: Pick<NewExecution, 'executionId' | 'priority' | 'payload' | 'timeout' | 'budget'>,
    due: number,
  ) {
    super();
    this.id = command.executionId;
    this.priority = command.priority;
    this.given = command.payload;
    this.timeout = command.timeout ?? undefined;
    this.budget = command.budget ?? null;
    this.at = due;
  }

  more(): Extra {
    return (this.extra ??= new Extra());
  }

  get number(): number {
    return this.order;
  }

  get edgeCount(): number {
    return this.extra?.edges?.length ?? 0;
  }

  get dependentCount(): number {
    return this.extra?.dependents?.length ?? 0;
  }

  get liveDependents(): number {
    return this.extra?.liveDependents ?? 0;
  }

  get payload(): JsonText | null {
    return textOf(this.given);
  }

  /** Bytes of payload and result. */
  get bytes(): number {
    return (this.payload?.length ?? 0) + (this.result?.length ?? 0);
  }

  get dueAt(): number {
    return this.at;
  }

  set dueAt(at: number) {
    this.at = at;
  }

  get workerId(): string | undefined {
    return this.worker?.id;
  }

  get workflowId(): string | undefined {
    return this.extra?.workflow?.workflowId;
  }

  get scheduleId(): string | undefined {
    return this.extra?.schedule ?? undefined;
  }

  get rootCause(): RootCause | undefined {
    return this.extra?.rootCause;
  }

  set rootCause(cause: RootCause | undefined) {
    if (cause !== undefined || this.extra !== null) this.more().rootCause = cause;
  }

  get lockKey(): string | undefined {
    return this.extra?.lock?.key;
  }

  get lockTimeout(): number | undefined {
    return this.extra?.lock?.timeout;
  }

  get lockMaxWait(): number | undefined {
    return this.extra?.lock?.maxWait ?? undefined;
  }
}

/** One queue: five levels, first in first out each. */
export class QueueRow implements QueueRecord {
  readonly ready = levels<Row>();
  paused = false;
  max: number | undefined = undefined;
  per: number | undefined = undefined;
  concurrency: number | undefined = undefined;
  declaredBy: string | undefined = undefined;
  declaredAt: number | undefined = undefined;
  running = 0;
  /** The transition under way has made work ready. */
  isWoken = false;
  starts: Starts[] = [];

  constructor(readonly name: string) {}
}

/** One task: its mirror, and what its executions share. */
export class TaskRow {
  mirror: TaskRecord | null = null;
  /** Someone depends on it, so its newest execution is remembered. */
  watched = false;
  newest: Row | null = null;
  /** Edges that wait for its next execution, and the numbers of their waits. */
  readonly next = new Map<Edge, number>();

  constructor(readonly taskId: string) {}
}

/** A handle's wait, and its place among those that wait. */
export interface ParkedHandle extends HandleWait {
  readonly parkNumber: number;
}

/** Executions of one queue, task and level that wait for a lock. What keeps one of them from starting keeps them all. */
export class LockLine implements HeapItem {
  /** Of the first that is parked. */
  order = 0;
  heapIndex = -1;
  readonly parked = new LinkedList<Row>();
  /** The first of the line while it stands ready, where the lock is to be claimed. */
  first: Row | null = null;

  constructor(
    readonly lock: LockRow,
    readonly name: string,
    /** The level. */
    readonly at: number,
  ) {}
}

export class LockRow implements LockRecord, HeapItem {
  at = 0;
  heapIndex = -1;
  holder: string | undefined = undefined;
  handle: string | undefined = undefined;
  fencingToken = 0;
  reserved: string | undefined = undefined;
  readonly lines = new Map<string, LockLine>();
  /** Lines of which the first is parked, best first. */
  readonly parked = new Heap<LockLine>();
  readonly handles = new Map<string, ParkedHandle>();

  constructor(
    readonly key: string,
    readonly order: number,
  ) {}
}

export class WorkerRow implements WorkerRecord {
  readonly running = new LinkedList<Row>();
  readonly pipelines = new Map<number, PipelineReply>();
  tasks: Set<string>;
  draining = false;
  leaseUntil = 0;
  lastBeatTime = 0;
  rotation = 0;
  suspect?: string;

  constructor(
    public registration: WorkerRegistration,
    readonly startedTime: number,
  ) {
    this.tasks = new Set(registration.tasks);
  }

  get id(): string {
    return this.registration.workerId;
  }

  get slots(): number {
    return this.registration.maxConcurrentTasks;
  }
}

/** What history keeps or drops as one: an execution that stands alone, or a workflow with all its executions. */
export type Unit = Row | WorkflowRow;

export class WorkflowRow implements WorkflowRecord, ListItem<Unit> {
  prev: Unit | null = null;
  next: Unit | null = null;
  /** The list of history in which it stands; null: it is under way, or still needed. */
  list: LinkedList<Unit> | null = null;
  rank = 0;
  readonly nodes: { ref: string; row: Row; dependsOn: { ref: string; type: DependencyType }[] }[] = [];
  open = 0;
  failed = 0;
  cancelled = 0;
  status: TaskStatus = 'RUNNING';
  completedAt = 0;
  /** How often its executions are needed from outside: by live dependents, and as the newest of their tasks. */
  pins = 0;
  /** Bytes of payload and result of those that have ended. */
  bytes = 0;

  constructor(
    readonly workflowId: string,
    readonly name: string,
    readonly createdTime: number,
    readonly order: number,
  ) {}
}
