import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AdvancedTaskScheduler, SchedulerModule } from 'nestjs-advanced-scheduler';
import { Ledger } from './ledger.js';
import { refsOf } from './refs.js';
import { summarize, type Pace, type Summary } from './summary.js';
import { traceStore, type TraceStore } from './trace-store.js';
import { traceTask, TraceTasks } from './trace-tasks.js';
import type { Trace } from './trace.js';

const UNPRINTABLE = /[^\x20-\x7e]/g;

@Module({})
class TraceModule {
  static of(ledger: Ledger, { concurrency }: Pace, store: TraceStore, tasks: number): DynamicModule {
    const scheduler = SchedulerModule.forRoot({
      ...store.options,
      maxConcurrentTasks: concurrency,
      // The summary counts every execution of the workflow.
      history: tasks,
      // At recorded speed a task may take hours: this is the maximum.
      maxAttemptDuration: '30d',
      // The state ends with the process, so an interrupted run has nothing to save.
      shutdown: { drain: '0ms', grace: '0ms' },
    });
    return {
      module: TraceModule,
      imports: [scheduler],
      providers: [{ provide: Ledger, useValue: ledger }, TraceTasks],
    };
  }
}

/**
 * Runs a trace on a separate scheduler in this process.
 * @param store of the state; removed afterwards
 * @param onProgress called at each end with the number of ended tasks
 */
export async function runTrace(
  trace: Trace,
  pace: Pace,
  onProgress?: (ended: number) => void,
  store: TraceStore = traceStore('memory'),
): Promise<Summary> {
  try {
    return await runOn(store, trace, pace, new Ledger(undefined, onProgress));
  } finally {
    await store.remove();
  }
}

async function runOn(store: TraceStore, trace: Trace, pace: Pace, ledger: Ledger): Promise<Summary> {
  const module = TraceModule.of(ledger, pace, store, trace.tasks.length);
  const app = await NestFactory.createApplicationContext(module, { logger: ['error', 'warn'], abortOnError: false });
  app.enableShutdownHooks();
  try {
    const scheduler = app.get(AdvancedTaskScheduler);
    const begin = performance.now();
    const { workflowId } = await scheduler.runWorkflow(workflowOf(trace, pace.speed));
    await app.get(TraceTasks).ended;
    const makespanMs = performance.now() - begin;
    const nodes = (await scheduler.getWorkflow(workflowId))?.nodes ?? [];
    const completed = nodes.filter(({ status }) => status === 'COMPLETED').length;
    return summarize(trace, pace, ledger, { completed, makespanMs });
  } finally {
    await app.close();
  }
}

function workflowOf(trace: Trace, speed: number) {
  const refs = refsOf(trace.tasks.map(({ id }) => id));
  return {
    name: trace.name.replace(UNPRINTABLE, '_').slice(0, 256),
    tasks: trace.tasks.map(({ id, runtimeSeconds, parents }) => ({
      taskId: traceTask.taskId,
      ref: refs.get(id)!,
      payload: { id, durationMs: (runtimeSeconds * 1000) / speed },
      dependencies: parents.map((parent) => ({ ref: refs.get(parent)!, type: 'success' as const })),
    })),
  };
}
