import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { checkRedis } from 'nestjs-advanced-scheduler';
import { run } from '../../libs/scheduler-cli/src/run.js';
import { freePort, startRedis, type RedisServer } from '../support/redis-server.js';

let server: RedisServer;
beforeAll(async () => void (server = await startRedis()));
afterAll(() => server?.stop());

const doctor = (REDIS_URL: string, ...args: string[]) => command(REDIS_URL, 'doctor', ...args);

async function command(REDIS_URL: string, ...args: string[]) {
  let [out, err] = ['', ''];
  const code = await run(args, {
    env: { REDIS_URL },
    out: (text) => (out += text),
    err: (text) => (err += text),
  });
  return { code, out, err };
}

describe('checkRedis', () => {
  it('reports version, policy, persistence and risks of data loss, and writes nothing', async () => {
    const found = await checkRedis({ port: server.port });
    expect(found).toMatchObject({
      server: expect.stringMatching(/^(Redis|Valkey) \d+\.\d+/),
      evictionPolicy: 'noeviction',
    });
    expect(found.warnings.join()).toMatch(/Redis stores nothing on disk/);
    expect(await server.command('DBSIZE')).toContain('0');
    expect(await server.command('FUNCTION', 'LIST')).not.toMatch(/scheduler_/);
    expect((await server.command('CLIENT', 'LIST')).match(/name=scheduler /g)).toBeNull();
  });

  it('throws the same error as a scheduler at its start', async () => {
    const at = { port: server.port };
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    await server.command('CONFIG', 'SET', 'maxmemory', '100mb');
    await expect(checkRedis(at)).rejects.toMatchObject({ code: 'STORE_POLICY' });
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await server.command('ACL', 'SETUSER', 'small', 'on', '>geheim', '~{mine}:*', '&*', '+@all', '-hset');
    const small = { ...at, username: 'small', password: 'geheim' };
    await expect(checkRedis(small, 'mine')).rejects.toMatchObject({ code: 'STORE_ACCESS_DENIED', missing: ['HSET'] });
    await expect(checkRedis(small, 'other')).rejects.toMatchObject({ code: 'STORE_ACCESS_DENIED' });
    await expect(checkRedis(at, 'no {name}')).rejects.toMatchObject({ code: 'INVALID_NAME' });
    await expect(checkRedis({ port: await freePort() })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('gives up on a server that does not respond', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    await expect(checkRedis({ port })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    silent.close();
  });
});

describe('nestjs-scheduler doctor', () => {
  it('prints its findings, as text and as JSON', async () => {
    const text = await doctor(`redis://127.0.0.1:${server.port}`);
    expect([text.code, text.err]).toEqual([0, '']);
    expect(text.out).toMatch(/^server +(Redis|Valkey) [\d.]+\nmaxMemory +\d+\nevictionPolicy +noeviction\n/);
    expect(text.out).toMatch(/^warning 1 +\S/m);
    const { out } = await doctor(`redis://127.0.0.1:${server.port}`, '--json');
    expect(JSON.parse(out)).toEqual(await checkRedis({ port: server.port }));
  });

  it('compares the counters if a console is given, and reports the differences', async () => {
    const health = { storeReachable: true, runningTasks: 1, queueStats: { totalWaiting: 0 }, metrics: { started: 1 } };
    let changes = 0;
    const answer = (path: string) =>
      path.startsWith('/api/health')
        ? { ...health, metrics: { started: (health.metrics.started += changes) } }
        : { items: [], nextCursor: null };
    const fleet = createHttpServer(({ url }, response) => void response.end(JSON.stringify(answer(url!))));
    await new Promise<void>((resolve) => fleet.listen(0, '127.0.0.1', resolve));
    const to = `http://127.0.0.1:${(fleet.address() as AddressInfo).port}`;
    const url = `redis://127.0.0.1:${server.port}`;
    expect(await command(url, '--url', to, 'doctor')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^counters +waiting 0; running 1, recounted 0$/m),
      err: 'differs: running\n',
    });
    health.runningTasks = 0;
    const { code, out } = await command(url, '--url', to, '--json', 'doctor');
    expect([code, JSON.parse(out).counters]).toEqual([
      0,
      [
        { figure: 'waiting', counter: 0, recount: 0 },
        { figure: 'running', counter: 0, recount: 0 },
      ],
    ]);
    changes = 1;
    expect(await command(url, '--url', to, 'doctor')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^counters +not compared/m),
    });
    await new Promise((resolve) => fleet.close(resolve));
  });

  it('exits with a code for each kind of failure, and shows no password', async () => {
    const wrong = await doctor(`redis://ada:geheim@127.0.0.1:${server.port}`);
    expect([wrong.code, wrong.err]).toEqual([77, expect.stringMatching(/^STORE_ACCESS_DENIED: (?!.*geheim)/)]);
    const port = await freePort();
    expect(await doctor(`redis://:geheim@127.0.0.1:${port}`)).toMatchObject({
      code: 69,
      err: expect.stringMatching(/^STORE_UNAVAILABLE: (?!.*geheim)/),
    });
    const invalid = await doctor('http://ada:geheim@host');
    expect([invalid.code, invalid.err]).toEqual([64, expect.stringMatching(/^INVALID_OPTION: (?!.*geheim)/)]);
    expect(await doctor('')).toMatchObject({ code: 64, err: expect.stringContaining('REDIS_URL') });
  });
});
