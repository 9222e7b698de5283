import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from '@jest/globals';
import { StoreTlsError } from '../../libs/scheduler/src/core/errors.js';
import { closeAll, connect, rejection, ROOT } from './fixtures.js';
import { lackOfTls, tlsServer } from './tls-server.js';

const lack = await lackOfTls();

afterEach(closeAll);

(lack ? describe.skip : describe)(`TLS${lack && ` (${lack})`}`, () => {
  let ca: string;

  async function serveTls(): Promise<number> {
    const server = await tlsServer();
    ca = server.ca;
    return server.port;
  }

  it('works with the given authority', async () => {
    const port = await serveTls();
    const { redis } = await connect({ url: `rediss://127.0.0.1:${port}`, tls: { ca } });
    expect(await redis.run('once', ROOT, ['a'])).toBe(1);
  });

  it('refuses an untrusted certificate at once', async () => {
    const port = await serveTls();
    const error = await rejection(connect({ url: `rediss://127.0.0.1:${port}` }));
    expect(error).toBeInstanceOf(StoreTlsError);
    expect(error).toMatchObject({ code: 'TLS_VERIFY_FAILED', message: expect.stringContaining('self-signed') });
  });

  it('refuses it also if NODE_TLS_REJECT_UNAUTHORIZED turns verification off for the process', async () => {
    const port = await serveTls();
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      const client = new Redis({ host: '127.0.0.1', port, tls: {}, lazyConnect: true });
      for (const options of [{ url: `rediss://127.0.0.1:${port}` }, { port, tls: true }, { port, tls: {} }, { client }])
        expect(await rejection(connect(options))).toBeInstanceOf(StoreTlsError);
      client.disconnect();
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
  });

  it('refuses a certificate of another host', async () => {
    const port = await serveTls();
    const error = await rejection(connect({ url: `rediss://localhost:${port}`, tls: { ca } }));
    expect(error).toBeInstanceOf(StoreTlsError);
  });
});
