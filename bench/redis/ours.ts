import { Injectable, Logger, Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitter2 } from '@nestjs/event-emitter';
import {
  AdvancedTaskScheduler,
  PriorityTaskQueue,
  ScheduledTask,
  SchedulerEvents,
  SchedulerModule,
  type ExecutionEvent,
  type ScheduleRequest,
  type TaskContext,
  type TaskPriority,
} from 'nestjs-advanced-scheduler';
import type { Subject, SubjectOptions, Counts } from './subject.js';
import { PAYLOAD, type JobData } from './job.js';
import { Recorder } from './recorder.js';

const TASK = 'bench.noop';
const RETRIED = 'bench.retried';
const LOCKED = 'bench.locked';
/** Enough attempts for any scenario, each at once, as BullMQ's without a backoff. */
const RETRY = { strategy: 'FIXED', maxAttempts: 10, initialDelay: 0, jitter: false } as const;

@Injectable()
class Handlers {
  constructor(private readonly recorder: Recorder) {}

  @ScheduledTask(TASK)
  async noop(job: JobData, ctx: TaskContext): Promise<void> {
    const due = job.schedule === undefined ? undefined : ctx.scheduledTime.getTime();
    return this.recorder.handle(ctx.executionId, job, ctx.attempt, due);
  }

  @ScheduledTask(RETRIED, { retryConfig: RETRY })
  retried(job: JobData, ctx: TaskContext): Promise<void> {
    return this.noop(job, ctx);
  }

  @ScheduledTask(LOCKED, { requireLock: true, lockKey: 'bench:{payload.lock}' })
  locked(job: JobData, ctx: TaskContext): Promise<void> {
    return this.noop(job, ctx);
  }
}

@Module({})
class BenchModule {
  static over({ port, role, concurrency, recorder }: SubjectOptions): DynamicModule {
    const scheduler = SchedulerModule.forRoot({
      store: { type: 'redis', url: `redis://127.0.0.1:${port}` },
      namespace: 'bench',
      role,
      maxConcurrentTasks: concurrency,
      autoStart: false,
    });
    return {
      module: BenchModule,
      imports: [scheduler],
      providers: [Handlers, { provide: Recorder, useValue: recorder }],
    };
  }
}

/** The scheduler on store `redis` as an app has it: status, history of a thousand, a listener to every end. */
class OurSubject implements Subject {
  constructor(
    private readonly scheduler: AdvancedTaskScheduler,
    private readonly queue: PriorityTaskQueue,
  ) {}

  start(): Promise<void> {
    return this.scheduler.start();
  }

  pause(): Promise<void> {
    return this.scheduler.stop();
  }

  pauseQueue(): Promise<void> {
    return this.queue.pause();
  }

  add(job: JobData): Promise<string> {
    const { taskId, ...options } = requestOf(job);
    return this.scheduler.scheduleTask(taskId as string, options);
  }

  addBulk(jobs: readonly JobData[]): Promise<string[]> {
    return this.scheduler.scheduleTasks(jobs.map(requestOf));
  }

  async addGraph(nodes: readonly JobData[]): Promise<void> {
    const refs = nodes.map((_, node) => `n${node}`);
    await this.scheduler.runWorkflow({
      tasks: nodes.map((payload, node) => ({
        ...{ ref: refs[node], taskId: TASK, payload },
        dependencies: refs.slice(...(payload.after ?? [0, 0])).map((ref) => ({ ref, type: 'success' as const })),
      })),
    });
  }

  async putSchedule(schedule: number): Promise<void> {
    const payload = { ...PAYLOAD, schedule };
    await this.scheduler.scheduleCronTask(TASK, '* * * * * *', { id: `schedule-${schedule}`, payload });
  }

  async schedules(): Promise<number> {
    return (await this.scheduler.listCronTasks()).length;
  }

  cancel(id: string): Promise<boolean> {
    return this.scheduler.cancelTask(id);
  }

  async find(id: string): Promise<JobData | null> {
    return (await this.scheduler.getTaskStatus<JobData>(id))?.payload ?? null;
  }

  async counts(): Promise<Counts> {
    const { queueStats, runningTasks, metrics } = await this.scheduler.getHealthStatus();
    return {
      waiting: queueStats.totalQueued + queueStats.waitingForDependencies + queueStats.delayed,
      active: runningTasks,
      failed: metrics.tasksFailed,
    };
  }
}

export async function openOurs(options: SubjectOptions): Promise<Subject> {
  // Without the warning that this Redis has no persistence, which is intended.
  Logger.overrideLogger(['error']);
  const app = await NestFactory.createApplicationContext(BenchModule.over(options), { logger: ['error'] });
  app.enableShutdownHooks();
  const { recorder, role } = options;
  if (role !== 'producer') {
    const events = app.get(EventEmitter2);
    events.on(SchedulerEvents.EXECUTION_COMPLETED, (event: ExecutionEvent) => recorder.ended(event.executionId));
    events.on(SchedulerEvents.EXECUTION_FAILED, (event: ExecutionEvent) =>
      recorder.hasFailed(event.error?.message ?? 'failed'),
    );
  }
  return new OurSubject(app.get(AdvancedTaskScheduler), app.get(PriorityTaskQueue, { strict: false }));
}

function requestOf(job: JobData): ScheduleRequest {
  const taskId = job.failures !== undefined ? RETRIED : job.lock !== undefined ? LOCKED : TASK;
  const request: ScheduleRequest = { taskId, payload: job, priority: job.level as TaskPriority | undefined };
  if (job.due !== undefined) request.scheduledTime = job.due;
  return request;
}
