import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { AdvancedTaskScheduler, ScheduledTask, SchedulerModule, type TaskContext } from 'nestjs-advanced-scheduler';
import { withScheduler, type Say } from './with-scheduler.js';

interface Credit {
  file: string;
  hours: number;
}

@Injectable()
class Ledger {
  /**
   * Reads, waits, writes: two at a time on one file would lose an update. Executions with the same key exclude each
   * other; one whose lock is held waits without a slot and without using an attempt.
   */
  @ScheduledTask('ledger.credit', { requireLock: true, lockKey: 'ledger:{payload.file}', lockTimeout: '1m' })
  async credit({ file, hours }: Credit, ctx: TaskContext): Promise<number | null> {
    const balance = Number(await readFile(file, 'utf8'));
    await sleep(5, undefined, { signal: ctx.signal });
    await writeFile(file, String(balance + hours));
    return ctx.fencingToken;
  }
}

@Module({ imports: [SchedulerModule.forRoot({ maxConcurrentTasks: 10 })], providers: [Ledger] })
class LockingModule {}

/** 4. Distributed locking: one at a time for each key, in tasks and in your own code. */
export function locking(say: Say) {
  return withScheduler(LockingModule, async (scheduler) => {
    const folder = await mkdtemp(join(tmpdir(), 'locking-'));
    const file = join(folder, 'balance');
    await writeFile(file, '0');
    try {
      const credit = { taskId: 'ledger.credit', payload: { file, hours: 2 } };
      const ids = await scheduler.scheduleTasks(Array.from({ length: 10 }, () => credit));
      const executions = await Promise.all(ids.map((id) => scheduler.waitForExecution(id)));
      const tokens = executions.map(({ result }) => result as number);
      say(
        `10 credits of 2 h, 10 slots, one lock: ${await readFile(file, 'utf8')} h, fencing tokens ${tokens.join(' ')}`,
      );

      const { balance, token } = await correct(scheduler, file);
      say(`corrected under the same lock by other code: ${balance} h, fencing token ${token}`);
      return { tokens: [...tokens, token], balance, held: await scheduler.lockManager.isLocked(`ledger:${file}`) };
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}

/** The lock is renewed while the function runs, and released when it ends. */
function correct(scheduler: AdvancedTaskScheduler, file: string) {
  return scheduler.lockManager.withLock(`ledger:${file}`, { ttl: '30s', maxWait: '5s' }, async (lock) => {
    const balance = Number(await readFile(file, 'utf8')) - 1;
    lock.signal.throwIfAborted();
    await writeFile(file, String(balance));
    return { balance, token: lock.fencingToken };
  });
}
