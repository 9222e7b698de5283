import { afterEach, describe, expect, it } from '@jest/globals';
import { StoreScriptError } from '../../libs/scheduler/src/core/errors.js';
import { closeAll, connect, rejection, ROOT, serve } from './fixtures.js';

afterEach(closeAll);

describe('a call', () => {
  it('returns the reply of the script, whatever its arguments contain', async () => {
    const { redis } = await connect({ url: (await serve()).url });
    const args = ['plain', '', 'é😀\r\n', 42, 1e21, Buffer.from('bytes ü'), '$3\r\nabc\r\n'];
    expect(await redis.run('echo', ROOT, args)).toEqual([
      ...['plain', '', 'é😀\r\n', '42', '1e+21', 'bytes ü', '$3\r\nabc\r\n'],
    ]);
    expect(await redis.run('echo', '{ü}', [])).toEqual([]);
    expect(await redis.run('read', ROOT, ['nothing'])).toBeNull();
  });

  it('that fails names its script, and none of its arguments', async () => {
    const { redis } = await connect({ url: (await serve()).url });
    await redis.run('count', ROOT, []);
    const error = await rejection(redis.run('wrong', ROOT, ['canary']));
    expect(error).toBeInstanceOf(StoreScriptError);
    expect(error).toMatchObject({ script: 'wrong', reason: expect.stringContaining('WRONGTYPE') });
    expect(JSON.stringify({ ...error, message: error.message, stack: error.stack, cause: error.cause })).not.toContain(
      'canary',
    );
  });

  it('refuses an unknown script name', async () => {
    const { redis } = await connect({ url: (await serve()).url });
    expect(() => redis.run('none', ROOT, [])).toThrow("no script 'none'");
  });
});
