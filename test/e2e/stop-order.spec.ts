import 'reflect-metadata';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import {
  Global,
  Injectable,
  Module,
  type DynamicModule,
  type INestApplicationContext,
  type Type,
} from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  AdvancedTaskScheduler,
  getSchedulerToken,
  ScheduledTask,
  SchedulerModule,
  type SchedulerModuleOptions,
} from 'nestjs-advanced-scheduler';
import { gate, SILENT } from '../support/app.js';
import { removeStores, STORE_NAMES, storeOf, turns } from '../support/stores.js';

const open: INestApplicationContext[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});
afterAll(removeStores);

/** Like the usual service of an ORM: it disconnects when its module is destroyed. */
@Injectable()
class Database {
  isConnected = true;
  refused = 0;
  /** Disconnecting takes as long as this is shut. */
  door: Promise<void> = Promise.resolve();
  readonly disconnecting = gate();

  query(): void {
    if (this.isConnected) return;
    this.refused++;
    throw new Error('the database is closed');
  }

  async onModuleDestroy(): Promise<void> {
    this.isConnected = false;
    this.disconnecting.open();
    await this.door;
  }
}

@Injectable()
class Work {
  readonly begun = gate();
  readonly door = gate();
  starts = 0;

  constructor(readonly database: Database) {}

  @ScheduledTask('slow')
  async slow(): Promise<string> {
    this.starts++;
    this.begun.open();
    await this.door.opened;
    this.database.query();
    return 'done';
  }
}

/** The same work, done by another scheduler of the app. */
@Injectable()
class OtherWork {
  constructor(readonly work: Work) {}

  @ScheduledTask('slow.named', { scheduler: 'other' })
  slow(): Promise<string> {
    return this.work.slow();
  }
}

type Metadata = { imports?: (DynamicModule | Type)[]; providers?: Type[] };

/** Where the database is. */
const PLACES: Record<string, () => Metadata> = {
  'a provider of the root': () => ({ providers: [Database, Work] }),
  'a module that the root imports': () => {
    @Module({ providers: [Database, Work], exports: [Database, Work] })
    class DataModule {}
    return { imports: [DataModule] };
  },
  'a global module': () => {
    @Global()
    @Module({ providers: [Database], exports: [Database] })
    class DataModule {}
    return { imports: [DataModule], providers: [Work] };
  },
  'a module far from the root': () => {
    @Module({ providers: [Database], exports: [Database] })
    class DataModule {}
    @Module({ imports: [DataModule], providers: [Work], exports: [Work] })
    class WorkModule {}
    @Module({ imports: [WorkModule] })
    class OuterModule {}
    return { imports: [OuterModule] };
  },
};

const KINDS: Record<
  string,
  (builder: ReturnType<typeof Test.createTestingModule>) => Promise<INestApplicationContext>
> = {
  'a context': (builder) => builder.compile(),
  Express: async (builder) => (await builder.compile()).createNestApplication({ logger: false }),
  Fastify: async (builder) => (await builder.compile()).createNestApplication(new FastifyAdapter(), { logger: false }),
};

async function start(options: SchedulerModuleOptions, place = PLACES['a provider of the root']!, kind = 'a context') {
  const { imports = [], providers = [] } = place();
  const builder = Test.createTestingModule({
    imports: [SchedulerModule.forRoot({ maxConcurrentTasks: 2, ...options }), ...imports],
    providers,
  }).setLogger(SILENT);
  const app = await KINDS[kind]!(builder);
  open.push(app);
  await app.init();
  const [work, database] = [app.get(Work, { strict: false }), app.get(Database, { strict: false })];
  return { app, work, database, scheduler: app.get(AdvancedTaskScheduler) };
}

/** Closes while two of many run, each of which needs the database before it ends. */
async function closeUnderLoad({ app, work, database, scheduler }: Awaited<ReturnType<typeof start>>) {
  const ids = await scheduler.scheduleTasks(Array.from({ length: 20 }, () => ({ taskId: 'slow' })));
  await work.begun.opened;
  const slowly = gate();
  database.door = slowly.opened;
  const closing = app.close();
  await turns(20);
  const wasConnected = database.isConnected;
  work.door.open();
  await database.disconnecting.opened;
  await turns(20);
  const executions = await Promise.all(ids.map((id) => scheduler.getTaskStatus(id)));
  slowly.open();
  await closing;
  return { wasConnected, executions: executions.map((each) => each!) };
}

async function expectCleanStop(started: Awaited<ReturnType<typeof start>>): Promise<void> {
  const { wasConnected, executions } = await closeUnderLoad(started);
  expect(wasConnected).toBe(true);
  expect(started.database.refused).toBe(0);
  expect(started.work.starts).toBeLessThanOrEqual(2);
  const statuses = executions.map(({ status }) => status).sort();
  const completed = statuses.filter((status) => status === 'COMPLETED').length;
  expect(completed).toBe(started.work.starts);
  expect(statuses).toEqual([
    ...Array<string>(completed).fill('COMPLETED'),
    ...Array<string>(20 - completed).fill('PENDING'),
  ]);
}

describe('a database that disconnects in onModuleDestroy', () => {
  it.each(STORE_NAMES)('stays connected until the runs that use it have ended: store %s', async (name) => {
    await expectCleanStop(await start(await storeOf(name)));
  });

  for (const [where, place] of Object.entries(PLACES))
    it.each([true, false])(
      `stays connected until the runs that use it have ended as ${where}, with isGlobal %s`,
      async (isGlobal) => {
        await expectCleanStop(await start({ isGlobal }, place));
      },
    );

  it.each(Object.keys(KINDS))('stays connected until the runs that use it have ended in %s', async (kind) => {
    await expectCleanStop(await start({}, undefined, kind));
  });

  it('stays connected until the runs that use it have ended if a feature module imports the scheduler', async () => {
    @Module({ imports: [SchedulerModule.forRoot({ isGlobal: false, maxConcurrentTasks: 2 })] })
    class FeatureModule {}
    const app = await Test.createTestingModule({ imports: [FeatureModule], providers: [Database, Work] })
      .setLogger(SILENT)
      .compile();
    open.push(app);
    await app.init();
    const scheduler = app.get(AdvancedTaskScheduler, { strict: false });
    await expectCleanStop({ app, work: app.get(Work), database: app.get(Database), scheduler });
  });
});

describe('two schedulers of an app', () => {
  it('stop claiming together', async () => {
    const app = await Test.createTestingModule({
      imports: [
        SchedulerModule.forRoot({ maxConcurrentTasks: 1 }),
        SchedulerModule.forRoot({ name: 'other', maxConcurrentTasks: 1 }),
      ],
      providers: [Database, Work, OtherWork],
    })
      .setLogger(SILENT)
      .compile();
    open.push(app);
    await app.init();
    const one = app.get(AdvancedTaskScheduler);
    const other = app.get<AdvancedTaskScheduler>(getSchedulerToken('other'));
    const work = app.get(Work);
    await one.scheduleTask('slow');
    await work.begun.opened;
    const closing = app.close();
    const late = await other.scheduleTask('slow.named');
    await turns(20);
    expect((await other.getTaskStatus(late))!.status).toBe('PENDING');
    work.door.open();
    await closing;
    expect(app.get(Database).refused).toBe(0);
  });
});
