import { afterEach, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { startRedis, type RedisServer } from '../support/redis-server.js';

const servers: RedisServer[] = [];
const start = async (options = {}) => {
  const server = await startRedis(options);
  servers.push(server);
  return server;
};

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

it('starts, forgets on a crash, and comes back on its port', async () => {
  const t = performance.now();
  const server = await start();
  console.log(performance.now() - t);
  expect(await server.command('SET', 'a', '1')).toBe('+OK');
  const { pid, port } = server;
  await server.kill();
  expect(server.pid).toBe(0);
  await expect(server.command('PING')).rejects.toThrow('ECONNREFUSED');
  await server.start();
  expect(server.port).toBe(port);
  expect(server.pid).not.toBe(pid);
  expect(await server.command('GET', 'a')).toBe('$-1');
  await server.stop();
  expect(existsSync(server.dir)).toBe(false);
});

it('is a cluster of one node', async () => {
  const server = await start({ cluster: true });
  expect(await server.command('SET', 'a', '1')).toBe('+OK');
  expect(await server.command('CLUSTER', 'INFO')).toContain('cluster_slots_ok:16384');
  await server.restart();
  expect(await server.command('SET', 'a', '1')).toBe('+OK');
});
