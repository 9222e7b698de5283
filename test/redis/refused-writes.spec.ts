import { afterEach, describe, expect, it } from '@jest/globals';
import { rmSync } from 'node:fs';
import { StoreFullError, StoreReadonlyError } from '../../libs/scheduler/src/core/errors.js';
import { until } from '../support/until.js';
import { closeAll, connect, FastClock, rejection, ROOT, serve } from './fixtures.js';

afterEach(closeAll);

describe('a server that', () => {
  it('is full accepts no new work, and finishes old work', async () => {
    const server = await serve({ args: ['--maxmemory', '3mb'] });
    const { redis } = await connect({ url: server.url });
    const filler = 'x'.repeat(100_000);
    let error: unknown = null;
    for (let index = 0; index < 100 && error === null; index++) {
      error = await redis.run('fill', ROOT, [index, filler]).then(
        () => null,
        (reason: unknown) => reason,
      );
    }
    expect(error).toBeInstanceOf(StoreFullError);
    expect((error as Error).message).not.toContain('xxx');
    expect(await redis.run('settle', ROOT, ['a', 'done'])).toBe('OK');
  });

  it('cannot write its snapshots accepts no writes', async () => {
    const server = await serve({ args: ['--save', '3600', '1'] });
    const { redis } = await connect({ url: server.url });
    rmSync(server.dir, { recursive: true });
    await server.command('BGSAVE');
    await until(async () => (await server.command('INFO', 'persistence')).includes('rdb_last_bgsave_status:err'));
    const error = await rejection(redis.run('count', ROOT, []));
    expect(error).toBeInstanceOf(StoreReadonlyError);
    expect(error.message).toContain('MISCONF');
  });

  it('has too few replicas accepts no writes', async () => {
    const server = await serve({ args: ['--min-replicas-to-write', '1'] });
    const { redis } = await connect({ url: server.url }, { clock: new FastClock() });
    expect(await rejection(redis.run('count', ROOT, []))).toBeInstanceOf(StoreReadonlyError);
  });
});
