/** The app of a user, compiled as ESM and as CommonJS from the packed library. Prints what it saw as one line of JSON. */
import 'reflect-metadata';
import { Inject, Injectable, Module, Scope } from '@nestjs/common';
import { NestFactory, REQUEST } from '@nestjs/core';
import {
  AdvancedTaskScheduler,
  defineTask,
  InvalidTaskDefinitionError,
  ScheduledTask,
  SchedulerModule,
  SchedulerProbesModule,
  type TaskContext,
} from 'nestjs-advanced-scheduler';
import { ManualClock } from 'nestjs-advanced-scheduler/testing';

const double = defineTask<{ number: number }, number>('numbers.double');

@Injectable()
class Numbers {
  @ScheduledTask(double)
  double({ number }: { number: number }): number {
    return number * 2;
  }
}

@Injectable({ scope: Scope.REQUEST })
class Greeter {
  static instances = 0;

  constructor(@Inject(REQUEST) private readonly request: { payload: { name: string } }) {
    Greeter.instances++;
  }

  @ScheduledTask('greeter.greet')
  greet(_payload: unknown, ctx: TaskContext): string {
    return `${this.request.payload.name}, attempt ${ctx.attempt}`;
  }
}

@Injectable()
class Ticker {
  readonly ticked: Promise<string>;
  private tell!: (scheduledTime: string) => void;

  constructor() {
    this.ticked = new Promise((resolve) => (this.tell = resolve));
  }

  @ScheduledTask('ticker.tick', { cron: '* * * * * *' })
  tick(_payload: unknown, ctx: TaskContext): void {
    this.tell(ctx.scheduledTime.toISOString());
  }
}

@Module({
  imports: [SchedulerModule.forRoot({ maxConcurrentTasks: 2 }), SchedulerProbesModule.register()],
  providers: [Numbers, Greeter, Ticker],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  const scheduler = app.get(AdvancedTaskScheduler);
  const doubled = await scheduler.scheduleTask(double, { payload: { number: 21 } });
  const result: number | null = (await scheduler.waitForExecution(doubled, { timeout: '10s' })).result;
  const names: unknown[] = [];
  for (const name of ['Ada', 'Alan']) {
    const greeted = await scheduler.scheduleTask('greeter.greet', { payload: { name } });
    names.push((await scheduler.waitForExecution(greeted, { timeout: '10s' })).result);
  }
  const tick = await app.get(Ticker).ticked;
  const ready = await fetch(`${await app.getUrl()}/health/ready`);
  const seen = {
    result,
    names,
    instances: Greeter.instances,
    tick,
    ready: ready.status,
    body: await ready.json(),
    refused: refusal(scheduler),
    manual: new ManualClock(1000).now(),
  };
  await app.close();
  console.log(JSON.stringify(seen));
}

/** Definitions are checked by class-validator, which must work without class-transformer. */
function refusal(scheduler: AdvancedTaskScheduler): string | null {
  try {
    scheduler.registerTask({ taskId: 'x', taskName: 'x', funcPath: 'numbers.double', requireLock: 'yes' as never });
    return null;
  } catch (error) {
    return error instanceof InvalidTaskDefinitionError ? error.code : String(error);
  }
}

void main();
