import { afterEach, describe, expect, it } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureRedis, findRedis } from '../../scripts/ensure-redis.mjs';
import { freePort, startRedis, UNTIL_PARENT_ENDS } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { closeAll, closeLater, proxyTo, serve } from './fixtures.js';

afterEach(closeAll);

const isAlive = (pid: number): boolean => spawnSync('kill', ['-0', `${pid}`]).status === 0;

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'scheduler-test-'));
  closeLater(async () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

describe('a server for tests', () => {
  it('loses its data on a crash, restarts on its port, and removes its folder', async () => {
    const server = await serve();
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

  it('keeps its data over a restart if configured', async () => {
    const server = await serve({ args: ['--appendonly', 'yes'] });
    await server.command('SET', 'a', '1');
    await server.restart();
    expect(await server.command('GET', 'a')).toBe('$1\r\n1');
  });

  it('can be a cluster of one node with all slots, also after a restart', async () => {
    const server = await serve({ cluster: true });
    expect(await server.command('SET', 'a', '1')).toBe('+OK');
    await server.restart();
    expect(await server.command('CLUSTER', 'INFO')).toContain('cluster_slots_ok:16384');
    expect(await server.command('SET', 'a', '1')).toBe('+OK');
  });

  it('reports why it does not start', async () => {
    await expect(startRedis({ args: ['--no-such-setting', '1'] })).rejects.toThrow('no-such-setting');
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    closeLater(async () => taken.close());
    const { port } = taken.address() as { port: number };
    await expect(startRedis({ port })).rejects.toThrow('Address already in use');
  });

  it('ends with the process that started it, however that ends', async () => {
    const dir = join(folder(), 'server');
    mkdirSync(dir);
    const starter = `
      const [script, ...args] = process.argv.slice(1);
      require('node:child_process').spawn('sh', ['-c', script, 'sh', ...args], { stdio: ['pipe', 'inherit', 'inherit'] });`;
    const args = [dir, ensureRedis(), '--port', `${await freePort()}`, '--bind', '127.0.0.1', '--dir', dir];
    const parent = spawn(process.execPath, ['-e', starter, UNTIL_PARENT_ENDS, ...args]);
    const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(/^pid (\d+)/.exec(chunk.toString())![1]);
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(async () => !isAlive(pid) && !existsSync(dir));
  });
});

describe('the fault proxy', () => {
  it('delays what passes, and delivers it when it is healed', async () => {
    const server = await serve();
    const proxy = await proxyTo(server);
    const through = { ...server, port: proxy.port };
    proxy.stall();
    const reply = server.command.call(through, 'INCR', 'a');
    await proxy.connected();
    expect(await server.command('GET', 'a')).toBe('$-1');
    proxy.heal();
    expect(await reply).toBe(':1');
  });

  it('refuses connections until it is healed', async () => {
    const server = await serve();
    const proxy = await proxyTo(server);
    const through = { ...server, port: proxy.port };
    proxy.refuse();
    await expect(server.command.call(through, 'PING')).rejects.toThrow('ECONNRESET');
    proxy.heal();
    expect(await server.command.call(through, 'PING')).toBe('+PONG');
  });
});

describe('ensure-redis', () => {
  /** A program with this text of a shell script. */
  function program(dir: string, name: string, script: string): string {
    const path = join(dir, name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  }
  const quiet = (): void => undefined;

  it('takes the named program, or reports what is wrong with it', () => {
    const dir = folder();
    const valkey = program(dir, 'mine', 'echo "Valkey server v=8.0.1 sha=0:0 malloc=libc bits=64 build=0"');
    expect(findRedis({ REDIS_SERVER_BIN: valkey })).toEqual({ path: valkey });
    const old = program(dir, 'old', 'echo "Redis server v=6.2.14 sha=0:0 malloc=libc bits=64 build=0"');
    expect(findRedis({ REDIS_SERVER_BIN: old })).toEqual({
      problem: `REDIS_SERVER_BIN=${old}: Redis server v=6.2.14 is older than Redis 7.0`,
    });
    const other = program(dir, 'other', 'echo hello');
    expect(findRedis({ REDIS_SERVER_BIN: other })).toMatchObject({ problem: expect.stringContaining('is no Redis') });
    expect(() => ensureRedis({ REDIS_SERVER_BIN: join(dir, 'none') }, quiet)).toThrow(/ENOENT[^]*apt-get install/);
  });

  it('finds the program in PATH', () => {
    const dir = folder();
    const path = program(dir, 'redis-server', 'echo "Redis server v=7.2.4 sha=0:0 malloc=libc bits=64 build=0"');
    expect(findRedis({ PATH: dir })).toEqual({ path });
  });
});
