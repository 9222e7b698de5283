import { afterEach, describe, expect, it } from '@jest/globals';
import { TASK_STORE, type TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import { cpuTime } from '../support/cpu-time.js';
import { gate } from '../support/app.js';
import { closeConsoles, startConsole, type Platform } from '../support/console.js';
import { temporaryFolder } from '../support/open-embedded.js';

const folders: { remove: () => void }[] = [];
afterEach(async () => {
  await closeConsoles();
  for (const folder of folders.splice(0)) folder.remove();
});

const TEXT = 'x'.repeat(200_000);
const tasks = {
  large: (_payload: unknown, ctx: { log: (line: string) => void }) => {
    for (let n = 0; n < 100; n++) ctx.log(`${n} ${TEXT.slice(0, 900)}`);
    return TEXT;
  },
  fails: () => {
    throw new Error(TEXT);
  },
  nothing: () => 0,
};

type StoreName = 'memory' | 'embedded';

function storeOf(name: StoreName) {
  if (name === 'memory') return 'memory' as const;
  const folder = temporaryFolder();
  folders.push(folder);
  return { type: 'embedded' as const, path: folder.path('store.db'), sync: 'interval' as const };
}

async function cpuOf<T>(act: () => Promise<T>): Promise<{ value: T; cpu: number }> {
  const took = cpuTime();
  const value = await act();
  return { value, cpu: took() };
}

describe.each<[Platform, StoreName]>([
  ['express', 'memory'],
  ['fastify', 'embedded'],
])('a response on %s, store %s', (platform, name) => {
  const start = (console = {}) => startConsole(tasks, { platform, console, scheduler: { store: storeOf(name) } });

  it('with a list of large executions is small and fast, and its pages have all of them', async () => {
    const { call, scheduler } = await start();
    const ids: string[] = [];
    for (let n = 0; n < 200; n += 20) {
      const batch = Array.from({ length: 20 }, () => ({ taskId: 'large', payload: { text: TEXT } }));
      ids.push(...(await scheduler.scheduleTasks(batch)));
    }
    const failed = await scheduler.scheduleTask('fails', {});
    for (const id of [...ids, failed]) await scheduler.waitForExecution(id);
    const seen: string[] = [];
    const { cpu } = await cpuOf(async () => {
      for (let cursor: string | null = ''; cursor !== null;) {
        const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const { body, text } = await call('admin', 'get', `/api/executions?limit=1000${query}`).expect(200);
        expect(text.length).toBeLessThan(500_000);
        for (const item of body.items as { executionId: string; status: string; priority: string }[]) {
          expect(item).not.toHaveProperty('payload');
          expect(item).toMatchObject({
            priority: 'NORMAL',
            taskId: expect.any(String),
            tags: [],
            createdTime: expect.any(String),
          });
          for (const key of ['result', 'logs', 'attempts']) expect(item).not.toHaveProperty(key);
          seen.push(item.executionId);
        }
        cursor = body.nextCursor;
      }
    });
    expect(seen).toEqual([failed, ...ids.toReversed()]);
    // 98 MB of payloads, results and logs took 9 s in one block.
    expect(cpu).toBeLessThan(6000);
    const one = (await call('admin', 'get', `/api/executions/${ids[0]!}`).expect(200)).body;
    expect([one.payload.text.length, one.result.length, one.logs.length]).toEqual([200_000, 200_000, 100]);
  });

  it('with workflows has numbers of nodes by status, and of a single one all nodes', async () => {
    const { call, scheduler } = await start();
    const nodes = Array.from({ length: 3000 }, (_, n) => ({ taskId: 'nothing', ref: `n${n}` }));
    const runs = [];
    for (let n = 0; n < 9; n++) runs.push(await scheduler.runWorkflow({ name: `w${n}`, tasks: nodes }));
    const { value, cpu } = await cpuOf(() => call('viewer', 'get', '/api/workflows?limit=1000').expect(200));
    expect(value.text.length).toBeLessThan(10_000);
    expect(cpu).toBeLessThan(5000);
    const [newest] = value.body.items as { nodeCount: number; counts: Record<string, number> }[];
    expect(newest).toMatchObject({ workflowId: runs.at(-1)!.workflowId, name: 'w8', nodeCount: 3000 });
    expect(Object.values(newest!.counts).reduce((sum, count) => sum + count, 0)).toBe(3000);
    // 27,000 nodes are more than one page reads.
    expect(value.body.items.length).toBeLessThan(9);
    const rest = await call('viewer', 'get', `/api/workflows?cursor=${value.body.nextCursor}`).expect(200);
    expect(value.body.items.length + rest.body.items.length).toBe(9);
    expect((await call('viewer', 'get', `/api/workflows/${runs[0]!.workflowId}`)).body.nodes).toHaveLength(3000);
  }, 120_000);

  it('with schedules is limited by the size of their payloads, and a preview of many ticks is fast', async () => {
    const { call, scheduler } = await start();
    const ids = Array.from({ length: 40 }, (_, n) => `s${String(n).padStart(2, '0')}`);
    for (const id of ids) await scheduler.scheduleCronTask('nothing', '0 0 1 1 *', { id, payload: { text: TEXT } });
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body, text }: { body: { items: { id: string }[]; nextCursor: string | null }; text: string } = await call(
        'admin',
        'get',
        `/api/schedules${cursor && `?cursor=${cursor}`}`,
      ).expect(200);
      expect(text.length).toBeLessThan(5_000_000);
      seen.push(...body.items.map(({ id }) => id));
      cursor = body.nextCursor;
    }
    expect(seen).toEqual(ids);
    const path = '/api/schedules/preview?cronExpression=0+0+29+2+1&timezone=America/New_York&count=1000';
    const { value, cpu } = await cpuOf(() => call('viewer', 'get', path).expect(200));
    expect(value.body.items).toHaveLength(1000);
    expect(cpu).toBeLessThan(3000);
  });

  it('with locks has pages, and the metrics count locks without reading them', async () => {
    const { app, call, scheduler } = await start();
    const keys = Array.from({ length: 450 }, (_, n) => `key-${String(n).padStart(3, '0')}`);
    for (const key of keys) await scheduler.lockManager.acquire(key, { ttl: '1h' });
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body }: { body: { items: { key: string }[]; nextCursor: string | null } } = await call('viewer', 'get', `/api/locks${cursor && `?cursor=${cursor}`}`).expect(200); // prettier-ignore
      expect(body.items.length).toBeLessThanOrEqual(200);
      seen.push(...body.items.map(({ key }) => key));
      cursor = body.nextCursor;
    }
    expect(seen).toEqual(keys);
    app.get<TaskStore>(TASK_STORE, { strict: false }).listLocks = () => Promise.reject(new Error('not to be read'));
    expect((await call('viewer', 'get', '/metrics').expect(200)).text).toContain('\nscheduler_locks_held 450\n');
  });

  it('that is expensive counts as many requests, and a caller can have only a few in progress', async () => {
    const { app, call } = await start({ rateLimit: { max: 100, per: 60_000 } });
    const statuses: number[] = [];
    for (let n = 0; n < 6; n++) statuses.push((await call('viewer', 'get', '/api/executions?limit=1000')).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
    const previews: number[] = [];
    const path = '/api/schedules/preview?cronExpression=0+0+29+2+*&count=1000';
    for (let n = 0; n < 3; n++) previews.push((await call('operator', 'get', path)).status);
    expect(previews).toEqual([200, 429, 429]);
    await call('admin', 'get', '/api/me').expect(200);
    await app.close();

    const other = await start();
    const opened = gate();
    const store = other.app.get<TaskStore>(TASK_STORE, { strict: false });
    const list = store.listExecutions.bind(store);
    let asked = 0;
    const four = gate();
    store.listExecutions = async (query) => {
      if (++asked === 4) four.open();
      await opened.opened;
      return list(query);
    };
    const large = () => other.call('viewer', 'get', '/api/executions?limit=1000').then(({ status }) => status);
    const pending = Array.from({ length: 4 }, large);
    await four.opened;
    const refused = await other.call('viewer', 'get', '/api/executions?limit=1000').expect(429);
    expect(refused.headers['retry-after']).toBe('1');
    await other.call('viewer', 'get', '/api/me').expect(200);
    opened.open();
    expect(await Promise.all(pending)).toEqual([200, 200, 200, 200]);
    expect(await large()).toBe(200);
  });
});
