import { Injectable, Module } from '@nestjs/common';
import { NonRetryableError, RetryStrategy, ScheduledTask, SchedulerModule } from 'nestjs-advanced-scheduler';
import type { RetryConfig, TaskContext } from 'nestjs-advanced-scheduler';
import { withScheduler, type Say } from './with-scheduler.js';

interface Mail {
  to: string;
}

/** At most five runs: after 50 ms, 100 ms, 200 ms and 400 ms, never more than a second apart. */
const patient: RetryConfig = {
  strategy: RetryStrategy.EXPONENTIAL,
  maxAttempts: 5,
  initialDelay: '50ms',
  maxDelay: '1s',
  backoffMultiplier: 2,
  jitter: false,
};

@Injectable()
class Mailer {
  /** A gateway that is down for the first two runs, and rejects an address without an @. */
  @ScheduledTask('mail.send', { retryConfig: patient })
  send({ to }: Mail, ctx: TaskContext): string {
    if (!to.includes('@')) throw new NonRetryableError(`'${to}' is not an address: a retry does not help`);
    if (ctx.attempt < 3) throw new Error('connection refused');
    // The executionId is the same for all attempts, so a receiver can detect repeats.
    return `sent to ${to} as ${ctx.executionId}`;
  }
}

@Module({ imports: [SchedulerModule.forRoot()], providers: [Mailer] })
class RetryModule {}

/** 2. Retry configuration: a failed run is repeated with growing delays, unless the error is not retryable. */
export function retry(say: Say) {
  return withScheduler(RetryModule, async (scheduler) => {
    const delays = [0, 1, 2, 3].map((n) => scheduler.retryManager.calculateDelay(patient, n));
    say(`delays before the retries: ${delays.join(', ')} ms`);

    const ids = await scheduler.scheduleTasks([
      { taskId: 'mail.send', payload: { to: 'costa@hospital.example' } },
      { taskId: 'mail.send', payload: { to: 'nobody' } },
    ]);
    const executions = await Promise.all(ids.map((id) => scheduler.waitForExecution<Mail, string>(id)));
    for (const { payload, status, reason, attempts, retryCount } of executions) {
      say(`${payload.to}: ${status}${reason ? ` (${reason})` : ''} after ${retryCount} retries`);
      for (const { attempt, startedTime, outcome, error } of attempts)
        say(`  run ${attempt} at ${startedTime.slice(11, 23)}: ${outcome}${error ? `, ${error.message}` : ''}`);
    }
    return { delays, executions };
  });
}
