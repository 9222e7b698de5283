import { afterEach, describe, expect, it } from '@jest/globals';
import { OutcomeUnknownError } from '../../libs/scheduler/src/core/errors.js';
import { closeAll, connect, proxyTo, rejection, ROOT, serve } from './fixtures.js';

afterEach(closeAll);

const count = async (redis: { run: (...args: any[]) => Promise<unknown> }): Promise<unknown> =>
  redis.run('read', ROOT, ['count']);

describe('a reply that is lost', () => {
  it('after the script ran: the repeat finds the effect of the first', async () => {
    const proxy = await proxyTo(await serve());
    const { redis } = await connect({ url: proxy.url });
    const dropped = proxy.dropReplyTo('fcall');
    const reply = redis.run('once', ROOT, ['operation']);
    await dropped;
    expect(await reply).toBe(1);
    expect(await count(redis)).toBe('1');
  });

  it('is not requested again if that would repeat the effect', async () => {
    const proxy = await proxyTo(await serve());
    const { redis } = await connect({ url: proxy.url });
    await redis.run('count', ROOT, []);
    void proxy.dropReplyTo('fcall');
    const error = await rejection(redis.run('count', ROOT, ['canary'], { repeatable: false }));
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', operation: 'count' });
    expect(await count(redis)).toBe('2');
  });

  it('four times: three repeats, and then the outcome is unknown', async () => {
    const proxy = await proxyTo(await serve());
    const { redis } = await connect({ url: proxy.url });
    await redis.run('count', ROOT, []);
    const dropped = proxy.dropReplyTo('fcall', 4);
    const error = await rejection(redis.run('count', ROOT, []));
    await dropped;
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(await count(redis)).toBe('5');
  });

  it('and a refusal of the repeat are not a refusal of the whole', async () => {
    const server = await serve();
    const proxy = await proxyTo(server);
    const { redis } = await connect({ url: proxy.url });
    await redis.run('fill', ROOT, ['a', 'x']);
    const dropped = proxy.dropReplyTo('fcall');
    const reply = rejection(redis.run('fill', ROOT, ['b', 'x']));
    await dropped;
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    const error = await reply;
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    // Either the repeat was faster than the setting and there is no error, or the error is right.
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(await redis.run('read', ROOT, ['b'])).toBe('x');
  });
});
