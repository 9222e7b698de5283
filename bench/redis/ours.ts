import { Injectable, Logger, Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitter2 } from '@nestjs/event-emitter';
import {
  AdvancedTaskScheduler,
  ScheduledTask,
  SchedulerEvents,
  SchedulerModule,
  type ExecutionEvent,
  type TaskContext,
  type TaskPriority,
} from 'nestjs-advanced-scheduler';
import type { Subject, SubjectOptions, Counts } from './subject.js';
import { CHILDREN, PAYLOAD, type JobData } from './job.js';
import { Recorder } from './recorder.js';

const TASK = 'bench.noop';

@Injectable()
class Handlers {
  constructor(private readonly recorder: Recorder) {}

  @ScheduledTask(TASK)
  async noop(payload: JobData, ctx: TaskContext): Promise<void> {
    this.recorder.started(ctx.executionId, payload);
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
export class OurSubject implements Subject {
  private constructor(private readonly scheduler: AdvancedTaskScheduler) {}

  static async open(options: SubjectOptions): Promise<OurSubject> {
    // That this Redis keeps nothing on disk is meant.
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
    return new OurSubject(app.get(AdvancedTaskScheduler));
  }

  start(): Promise<void> {
    return this.scheduler.start();
  }

  pause(): Promise<void> {
    return this.scheduler.stop();
  }

  add(data: JobData): Promise<string> {
    return this.scheduler.scheduleTask(TASK, { payload: data, priority: priorityOf(data) });
  }

  async addBulk(batch: readonly JobData[]): Promise<void> {
    await this.scheduler.scheduleTasks(
      batch.map((data) => ({ taskId: TASK, payload: data, priority: priorityOf(data) })),
    );
  }

  async addFlow(flow: number): Promise<void> {
    const refs = Array.from({ length: CHILDREN }, (_, child) => `child${child}`);
    await this.scheduler.runWorkflow({
      tasks: [
        ...refs.map((ref) => ({ ref, taskId: TASK, payload: { ...PAYLOAD, flow } })),
        {
          ref: 'parent',
          taskId: TASK,
          payload: { ...PAYLOAD, flow, parent: true },
          dependencies: refs.map((ref) => ({ ref, type: 'success' as const })),
        },
      ],
    });
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

function priorityOf({ level }: JobData): TaskPriority | undefined {
  return level as TaskPriority | undefined;
}
