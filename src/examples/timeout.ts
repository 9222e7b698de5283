import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { ScheduledTask, SchedulerModule, type TaskContext } from 'nestjs-advanced-scheduler';
import { withScheduler, type Say } from './with-scheduler.js';

@Injectable()
class Planner {
  readonly stoppedAt: number[] = [];

  /**
   * Searches for the best swap, step by step. The signal must reach everything that waits; without it a timeout stops
   * nothing.
   */
  @ScheduledTask('plan.improve', { timeout: '150ms', retryConfig: { maxAttempts: 2, initialDelay: '20ms' } })
  async improve({ steps }: { steps: number }, ctx: TaskContext): Promise<string> {
    let step = 0;
    try {
      for (; step < steps; step++) {
        ctx.progress(step / steps);
        await sleep(20, undefined, { signal: ctx.signal });
      }
      return `${step} steps`;
    } finally {
      // Time to clean up: handlers have a grace period of 10 s after the abort.
      if (ctx.signal.aborted) this.stoppedAt.push(step);
    }
  }
}

@Module({ imports: [SchedulerModule.forRoot()], providers: [Planner] })
class TimeoutModule {}

/** 7. Task timeout: each run is limited, the handler's signal aborts, and a retry follows if there is one. */
export function timeout(say: Say) {
  return withScheduler(TimeoutModule, async (scheduler, app) => {
    const ids = await scheduler.scheduleTasks([
      { taskId: 'plan.improve', payload: { steps: 2 } },
      { taskId: 'plan.improve', payload: { steps: 1000 } },
    ]);
    const [quick, slow] = await Promise.all(ids.map((id) => scheduler.waitForExecution(id)));
    say(`2 steps: ${quick!.status}, ${quick!.result}`);
    say(`1000 steps: ${slow!.status} (${slow!.reason}), ${slow!.error?.name}: ${slow!.error?.message}`);
    const { stoppedAt } = app.get(Planner);
    slow!.attempts.forEach(({ attempt, startedTime, endedTime }, i) => {
      const ms = Date.parse(endedTime!) - Date.parse(startedTime);
      say(`  run ${attempt} stopped at step ${stoppedAt[i]}, after ${ms} ms`);
    });
    return { quick: quick!, slow: slow!, stoppedAt };
  });
}
