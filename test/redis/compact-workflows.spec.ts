import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { settle } from '../../libs/scheduler/src/core/commands.js';
import { StoreFixture } from '../contract/store-fixture.js';
import { start } from '../contract/workflow.contract.js';
import { openRedisOn } from '../support/open-redis.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

const WORKFLOWS = 20;
const KEPT = 18;

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

/** The lines of a reply, without their lengths; `key` without its namespace, which is the only one. */
async function read(command: string, key: string, ...args: string[]): Promise<string[]> {
  const keys = await server.command('KEYS', `*:${key}`);
  const reply = await server.command(command, keys.split('\r\n').at(-1)!, ...args);
  return reply.split('\r\n').filter((line) => !/^[*$]/.test(line));
}

describe('compact workflows of which all members succeed', () => {
  it('are settled and dropped without rows, also if one round trip ends workflows and claims more', async () => {
    const { store, clock, close } = await openRedisOn(() => server)({ history: { count: KEPT } });
    try {
      const fixture = new StoreFixture(store, clock);
      const worker = await fixture.worker();
      for (let i = 0; i < WORKFLOWS; i++) await start(fixture);

      let claims = await worker.claim(7);
      while (claims.length > 0)
        claims = (
          await worker.exchange({ settlements: claims.map((claim) => settle.complete(claim, null)), demand: 7 })
        ).claims;

      expect((await fixture.stats()).counters.completed).toBe(4 * WORKFLOWS);
      const history = await read('LRANGE', 'h', '0', '-1');
      expect(history).toHaveLength(KEPT);
      // 'c': each of its executions has the short state of a simple success; 'w': one of them was settled as a row.
      expect(history.filter((entry) => !entry.endsWith('|c'))).toEqual([]);
      expect(await read('HLEN', 's')).toEqual([`:${4 * KEPT}`]);
      expect(await read('HLEN', 'ws')).toEqual([`:${KEPT}`]);
    } finally {
      await close();
    }
  });
});
