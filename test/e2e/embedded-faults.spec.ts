import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DatabaseSync } from '@photostructure/sqlite';
import { settle } from '../../libs/scheduler/src/core/commands.js';
import { StoreInUseError } from '../../libs/scheduler/src/core/errors.js';
import { EmbeddedTaskStore } from '../../libs/scheduler/src/store/embedded/embedded.store.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { helloOf, taskRecordOf, newExecution, newSchedule, TASKS } from '../contract/fixtures.js';
import { buildModules } from '../support/built-library.js';
import { temporaryFolder } from '../support/open-embedded.js';
import { comparable, copyStore, removeStore } from '../support/recovered.js';

jest.setTimeout(120_000);

const clock = new ManualClock();
const storeAt = (path: string, sync: 'always' | 'interval' = 'always') =>
  new EmbeddedTaskStore({ path, sync, clock, history: { count: 1000 } });

/** Records of every kind. */
async function fill(store: EmbeddedTaskStore, count: number): Promise<void> {
  await store.putTasks(TASKS.map((taskId) => taskRecordOf(taskId)));
  await store.register(helloOf('w'));
  await store.putSchedule(newSchedule({ nextRunTime: clock.now() + 1000 }));
  await store.enqueue(
    Array.from({ length: count }, (_, i) => newExecution({ payload: JSON.stringify(`payload ${i}`), tags: ['some'] })),
  );
  const { claims } = await store.exchange({
    workerId: 'w',
    pipeline: 0,
    sequence: 1,
    settlements: [],
    demand: count / 2,
  });
  const settlements = claims.map((claim) => settle.complete(claim, JSON.stringify(`result of ${claim.executionId}`)));
  await store.exchange({ workerId: 'w', pipeline: 0, sequence: 2, settlements, demand: 0 });
  await store.acquireLock('lock', 'owner', 3_600_000, 0);
  await store.pauseQueue('paused');
}

/** The state after opening, or the code of the error that refuses it. */
async function openAndDump(path: string): Promise<unknown> {
  const store = storeAt(path);
  try {
    await store.open();
    return comparable(await store.dump());
  } catch (error) {
    return (error as { code?: string }).code ?? error;
  } finally {
    await store.close();
  }
}

function flip(file: string, at: number, bit: number): void {
  const bytes = readFileSync(file);
  bytes[at]! ^= 1 << bit;
  writeFileSync(file, bytes);
}

describe('the file of an embedded store', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let path: string;
  const open: EmbeddedTaskStore[] = [];

  beforeEach(() => {
    folder = temporaryFolder();
    path = folder.path('scheduler.db');
  });
  afterEach(async () => {
    for (const store of open.splice(0)) await store.close();
    folder.remove();
  });

  async function opened(sync?: 'always' | 'interval'): Promise<EmbeddedTaskStore> {
    const store = storeAt(path, sync);
    await store.open();
    open.push(store);
    return store;
  }

  it('is created with its folder, and keeps all data after a clean end', async () => {
    path = folder.path('a/b/scheduler.db');
    const store = await opened();
    await fill(store, 20);
    await store.deregister('w');
    const before = comparable(await store.dump());
    await store.close();
    expect(await openAndDump(path)).toEqual(before);
    expect(existsSync(`${path}-owner`)).toBe(false);
  });

  it('can be read by common tools, also while it is in use', async () => {
    await fill(await opened(), 20);
    const reader = new DatabaseSync(path, { readOnly: true });
    const counts = reader.prepare('SELECT status, count(*) AS n FROM execution GROUP BY status ORDER BY status').all();
    reader.close();
    expect(counts).toMatchObject([
      { status: 'COMPLETED', n: 10 },
      { status: 'PENDING', n: 10 },
    ]);
  });

  it('never opens with other contents after a flipped bit: it is refused, or nothing is lost', async () => {
    const store = await opened();
    await fill(store, 60);
    await store.deregister('w');
    const before = comparable(await store.dump());
    await store.close();
    const size = statSync(path).size;
    const copy = folder.path('copy.db');
    const outcomes = { refused: 0, whole: 0 };
    for (let i = 0; i < 250; i++) {
      copyStore(path, copy);
      const at = Math.floor((i / 250) * size + Math.random() * (size / 250));
      flip(copy, Math.min(at, size - 1), i % 8);
      const found = await openAndDump(copy);
      if (typeof found === 'string') {
        expect(['STORE_DAMAGED', 'STORE_UNAVAILABLE', 'STORE_VERSION']).toContain(found);
        outcomes.refused++;
      } else {
        expect([at, found]).toEqual([at, before]);
        outcomes.whole++;
      }
      removeStore(copy);
    }
    expect(outcomes.refused).toBeGreaterThan(50);
  });

  it('is left unchanged when it is damaged, and the error names the damage', async () => {
    const store = await opened();
    await fill(store, 20);
    await store.close();
    const bytes = readFileSync(path);
    const at = bytes.indexOf('payload 15');
    flip(path, at, 0);
    const damaged = readFileSync(path);
    await expect(storeAt(path).open()).rejects.toMatchObject({
      code: 'STORE_DAMAGED',
      message: expect.stringMatching(/is damaged: the checksum of execution \d+ does not match/),
    });
    expect(readFileSync(path).equals(damaged)).toBe(true);
    writeFileSync(path, bytes);
    await opened();
  });

  it('is refused if it is truncated, is no database, or is one of another program', async () => {
    const store = await opened();
    await fill(store, 60);
    await store.close();
    truncateSync(path, statSync(path).size - 5000);
    expect(await openAndDump(path)).toBe('STORE_DAMAGED');
    removeStore(path);
    writeFileSync(path, 'no database, but somebody wants to keep it '.repeat(200));
    expect(await openAndDump(path)).toBe('STORE_DAMAGED');
    removeStore(path);
    const other = new DatabaseSync(path);
    other.exec('CREATE TABLE mine (x)');
    other.close();
    expect(await openAndDump(path)).toBe('STORE_UNAVAILABLE');
  });

  it('of a newer release is refused', async () => {
    await (await opened()).close();
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 99');
    database.close();
    await expect(storeAt(path).open()).rejects.toMatchObject({
      code: 'STORE_VERSION',
      message: expect.stringContaining('schema 99'),
    });
  });

  it('has one process: a second one is refused with the name of the first', async () => {
    await opened();
    const error = await storeAt(path)
      .open()
      .catch((error: unknown) => error);
    expect(error).toBeInstanceOf(StoreInUseError);
    expect((error as StoreInUseError).owner).toMatchObject({ pid: process.pid, host: hostname() });
    expect((error as StoreInUseError).message).toContain(`process ${process.pid} on ${hostname()}`);
  });

  it('is refused by name if it cannot be written', async () => {
    writeFileSync(folder.path('file'), '');
    await expect(storeAt(folder.path('file/scheduler.db')).open()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('file/scheduler.db'),
    });
    await expect(storeAt('/proc/scheduler/scheduler.db').open()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('is opened by the first call, once, and accepts no call after it is closed', async () => {
    const store = storeAt(path);
    const [stats] = await Promise.all([store.stats(), store.enqueue([newExecution()]), store.open()]);
    expect(stats.byStatus.PENDING).toBeLessThanOrEqual(1);
    await store.open();
    await store.close();
    await expect(store.enqueue([newExecution()])).rejects.toMatchObject({ code: 'SCHEDULER_CLOSED' });
    await expect(store.ping()).rejects.toMatchObject({ code: 'SCHEDULER_CLOSED' });
  });

  describe('left behind by a killed process', () => {
    let library: ReturnType<typeof buildModules>;
    beforeAll(() => {
      library = buildModules('embedded-faults');
    });
    afterAll(() => library.remove());

    /** A process that works on the file until it is killed. */
    async function worker(): Promise<{ pid: number; kill: () => Promise<void> }> {
      const program = fileURLToPath(new URL('./fixtures/embedded-load.mjs', import.meta.url));
      const args = [program, library.index, path, 'always', folder.path('commands'), folder.path('answers')];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const exit = once(child, 'exit');
      await once(child.stdout, 'data');
      return {
        pid: child.pid!,
        kill: async () => {
          child.kill('SIGKILL');
          await exit;
        },
      };
    }

    const frames = (): number => Math.floor((statSync(`${path}-wal`).size - 32) / (4096 + 24));

    /** Kills a worker when its log has this number of frames. */
    async function killedWithLog(least: number): Promise<void> {
      const { kill } = await worker();
      while (frames() < least) await new Promise((resolve) => setImmediate(resolve));
      await kill();
    }

    it('names the process that has it open, and is free when that process has died', async () => {
      const { pid, kill } = await worker();
      const error = await storeAt(path)
        .open()
        .catch((error: unknown) => error);
      await kill();
      expect((error as StoreInUseError).owner).toMatchObject({ pid, host: hostname() });
      await opened();
    });

    it('loses no more than the truncated end of its log', async () => {
      await killedWithLog(60);
      truncateSync(`${path}-wal`, statSync(`${path}-wal`).size - 3000);
      await opened();
    });

    it('is refused if its log is missing, until the owner note is removed', async () => {
      await killedWithLog(60);
      rmSync(`${path}-wal`);
      for (let time = 0; time < 2; time++)
        await expect(storeAt(path).open()).rejects.toMatchObject({
          code: 'STORE_DAMAGED',
          message: expect.stringMatching(/its write-ahead log .* is missing.*remove .*-owner/),
        });
      rmSync(`${path}-owner`);
      await opened();
    });

    it('of a newer release is refused, and that release can open it afterwards', async () => {
      await killedWithLog(60);
      const database = new DatabaseSync(path);
      const [{ user_version: version }] = database.prepare('PRAGMA user_version').all() as [{ user_version: number }];
      const keep = new DatabaseSync(path);
      // Without what the killed process had begun to write: SQLite would leave it behind its own frames in the log.
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      database.exec('PRAGMA user_version = 99');
      copyStore(path, folder.path('newer.db'));
      database.close();
      keep.close();
      await expect(storeAt(folder.path('newer.db')).open()).rejects.toMatchObject({ code: 'STORE_VERSION' });
      const newer = new DatabaseSync(folder.path('newer.db'));
      newer.exec(`PRAGMA user_version = ${version}`);
      newer.close();
      expect(typeof (await openAndDump(folder.path('newer.db')))).toBe('object');
    });

    it('is refused if its log is damaged in the middle, which would lose acknowledged data', async () => {
      await killedWithLog(60);
      const copy = folder.path('copy.db');
      for (const frame of [1, 10, 30, 50]) {
        copyStore(path, copy);
        flip(`${copy}-wal`, 32 + frame * (4096 + 24) + 24 + Math.floor(Math.random() * 4096), 3);
        await expect(storeAt(copy).open()).rejects.toMatchObject({
          code: 'STORE_DAMAGED',
          message: expect.stringContaining(`frame ${frame + 1} of its write-ahead log`),
        });
        removeStore(copy);
      }
      copyStore(path, copy);
      flip(`${copy}-wal`, 20, 1);
      expect(await openAndDump(copy)).toBe('STORE_DAMAGED');
    });

    it('opens in a state that a power cut can leave: with the last group torn', async () => {
      await killedWithLog(60);
      const note = JSON.parse(readFileSync(`${path}-owner`, 'utf8')) as object;
      writeFileSync(`${path}-owner`, JSON.stringify({ ...note, boot: 'another' }));
      const log = readFileSync(`${path}-wal`);
      const sound = Array.from({ length: frames() }, (_, n) => 32 + n * (4096 + 24)).filter(
        (at) => log.compare(log, 16, 24, at + 8, at + 16) === 0,
      );
      // The last frame that belongs to the log.
      flip(`${path}-wal`, sound.at(-1)! + 24 + 100, 2);
      await opened();
    });
  });
});
