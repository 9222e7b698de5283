import { Injectable, Module } from '@nestjs/common';
import { ScheduledTask, SchedulerModule, type HealthStatus } from 'nestjs-advanced-scheduler';
import { withScheduler, type Say } from './with-scheduler.js';

@Injectable()
class Labs {
  @ScheduledTask('labs.import', { taskName: 'Import lab results' })
  import({ sample }: { sample: number }): { sample: number } {
    if (sample % 4 === 0) throw new Error(`sample ${sample} has no label`);
    return { sample };
  }
}

/** The status is degraded below 90 % of successes within the last hour; both values are options. */
@Module({ imports: [SchedulerModule.forRoot({ health: { threshold: 90, window: '1h' } })], providers: [Labs] })
class HealthExampleModule {}

/** 8. Health monitoring: status, metrics and recent errors, as used by the Kubernetes probes and Terminus. */
export function health(say: Say) {
  return withScheduler(HealthExampleModule, async (scheduler) => {
    const before = await scheduler.getHealthStatus();
    say(`before: ${before.status}, ${before.successRate} % success`);

    const samples = Array.from({ length: 12 }, (_, i) => ({ taskId: 'labs.import', payload: { sample: i + 1 } }));
    const ids = await scheduler.scheduleTasks(samples);
    await Promise.all(ids.map((id) => scheduler.waitForExecution(id)));

    const after = await scheduler.getHealthStatus();
    report(after, say);
    return { before, after };
  });
}

function report({ status, problems, successRate, queueStats, metrics, recentErrors }: HealthStatus, say: Say): void {
  say(`after: ${status}, ${successRate} % success (${problems.join('; ')})`);
  say(`executed ${metrics.tasksExecuted}: ${metrics.tasksSucceeded} well, ${metrics.tasksFailed} not`);
  say(`queued ${queueStats.totalQueued}, delayed ${queueStats.delayed}`);
  for (const { taskName, error } of recentErrors) say(`  ${taskName}: ${error.message}`);
}
