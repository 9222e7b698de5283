import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { RedisConnection } from '../../libs/scheduler/src/store/redis/connection/redis-connection.js';
import { resolveRedisOptions } from '../../libs/scheduler/src/store/redis/connection/redis-options.js';
import { luaScripts } from '../../libs/scheduler/src/store/redis/lua-scripts.js';
import { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import { newExecution } from '../contract/fixtures.js';
import { closeAll, closeLater, serve } from './fixtures.js';

afterEach(closeAll);

const NAMESPACE = 'residency';
const PASSWORD = 'hunter2';
const document = readFileSync('docs/operations.md', 'utf8');
const FUNCTIONS = ['+fcall', '+function|load'];
const rule = /^ACL SETUSER (.*)$/m.exec(document)![1]!.replace('>PASSWORD', `>${PASSWORD}`).split(' ');

describe('the user of docs/operations.md', () => {
  it.each([
    ['functions, on one server', false, []],
    ['functions, on a cluster', true, []],
    ['scripts, on one server', false, FUNCTIONS],
    ['scripts, on a cluster', true, FUNCTIONS],
  ])('may do all that a store does, and no request of the store is forbidden: %s', async (_, cluster, without) => {
    const { port, command } = await serve({ cluster });
    await command.call({ port }, 'ACL', 'SETUSER', ...rule.filter((right) => !without.includes(right)));
    const credentials = { username: rule[0]!, password: PASSWORD };
    const where = cluster ? { cluster: [{ host: '127.0.0.1', port }] } : { port };
    const connection = resolveRedisOptions({ ...where, ...credentials });

    const warnings: string[] = [];
    const probe = { key: `{${NAMESPACE}}:m`, channel: `{${NAMESPACE}}:fx` };
    const redis = new RedisConnection(connection, luaScripts(), { warn: (text) => warnings.push(text), probe });
    closeLater(() => redis.close());
    await redis.connect();
    // The only check that needs a right beyond the minimum.
    expect(warnings.filter((text) => text.includes('forbidden'))).toEqual([
      expect.stringMatching(/^INFO is forbidden to this user/),
    ]);

    const history = { count: 1000, age: null, bytes: null };
    const settings = { connection, namespace: NAMESPACE, lease: 15_000, maxAttemptDuration: 3_600_000, history };
    const [node, other] = [new RedisTaskStore(settings), new RedisTaskStore(settings)];
    const heard = new Promise<string>((resolve) =>
      other.subscribe((effects) => {
        for (const effect of effects) if (effect.kind === 'execution') resolve(effect.executionId);
      }),
    );
    for (const store of [node, other]) {
      closeLater(() => store.close());
      await store.open();
    }
    const execution = newExecution();
    await node.enqueue([execution]);
    expect(await heard).toBe(execution.executionId);
    const stats = await command.call({ port }, 'INFO', 'commandstats');
    const failed = /^cmdstat_fcall:.*rejected_calls=([1-9]\d*)/m.test(stats);
    expect([failed, /^cmdstat_evalsha:/m.test(stats)]).toEqual(without.length > 0 ? [true, true] : [false, false]);
  });

  it('may do nothing in another namespace, and nothing to the server', async () => {
    const server = await serve();
    await server.command('ACL', 'SETUSER', ...rule);
    const dryRun = (...args: string[]): Promise<string> => server.command('ACL', 'DRYRUN', rule[0]!, ...args);
    expect(await dryRun('HSET', `{${NAMESPACE}}:x`, 'a', '1')).toBe('+OK');
    for (const args of [
      ['HSET', '{other}:x', 'a', '1'],
      ['PUBLISH', '{other}:fx', 'a'],
      ...[['CONFIG', 'GET', 'requirepass'], ['CONFIG', 'GET', 'masterauth'], ['INFO'], ['ACL', 'LIST'], ['MONITOR']],
      ...[['FLUSHALL'], ['KEYS', '*'], ['CONFIG', 'SET', 'a', 'b'], ['SCRIPT', 'FLUSH'], ['DEBUG', 'SLEEP', '1']],
      ['BLPOP', `{${NAMESPACE}}:h`, '1'],
    ])
      expect(await dryRun(...args)).not.toBe('+OK');
  });
});
