import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreTlsError, StoreTlsMismatchError } from '../../libs/scheduler/src/core/errors.js';
import { freePort, startRedis } from '../support/redis-server.js';
import { closeAll, closeLater, connect, rejection, ROOT, serve } from './fixtures.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
// Some servers are built without it, and end when they are asked for it.
const knowsTls = await startRedis({ args: ['--tls-port', '0'] }).then(
  async (server) => {
    await server.stop();
    return true;
  },
  () => false,
);
const lack = hasOpenssl ? (knowsTls ? '' : 'this server is built without TLS') : 'there is no openssl here';

afterEach(closeAll);

(lack ? describe.skip : describe)(`TLS${lack && ` (${lack})`}`, () => {
  let ca: string;

  async function serveTls(): Promise<number> {
    const dir = mkdtempSync(join(tmpdir(), 'scheduler-tls-'));
    closeLater(async () => rmSync(dir, { recursive: true }));
    const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
        ...['-subj', '/CN=scheduler test', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
      ],
      { stdio: 'pipe' },
    );
    ca = readFileSync(cert, 'utf8');
    const port = await freePort();
    const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert];
    await serve({ args: ['--tls-port', `${port}`, '--tls-auth-clients', 'no', ...files] });
    return port;
  }

  it('works with the authority given', async () => {
    const port = await serveTls();
    const { redis } = await connect({ url: `rediss://127.0.0.1:${port}`, tls: { ca } });
    expect(await redis.run('once', ROOT, ['a'])).toBe(1);
  });

  it('refuses a certificate that nobody vouches for, at once', async () => {
    const port = await serveTls();
    const error = await rejection(connect({ url: `rediss://127.0.0.1:${port}` }));
    expect(error).toBeInstanceOf(StoreTlsError);
    expect(error).toMatchObject({ code: 'TLS_VERIFY_FAILED', message: expect.stringContaining('self-signed') });
  });

  it('refuses it also where NODE_TLS_REJECT_UNAUTHORIZED turns verification off for the process', async () => {
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

  it('says so where the server speaks TLS only, or none', async () => {
    const port = await serveTls();
    const plain = await serve();
    const byPlain = await rejection(connect({ url: `redis://127.0.0.1:${port}` }));
    expect(byPlain).toBeInstanceOf(StoreTlsMismatchError);
    expect(byPlain).toMatchObject({ code: 'TLS_MISMATCH', message: expect.stringContaining('requires TLS') });
    const byTls = await rejection(connect({ url: `rediss://127.0.0.1:${plain.port}`, tls: { ca } }));
    expect(byTls).toBeInstanceOf(StoreTlsMismatchError);
    expect(byTls).toMatchObject({ code: 'TLS_MISMATCH', message: expect.stringContaining('does not support TLS') });
  });

  it('refuses a certificate of another host', async () => {
    const port = await serveTls();
    const error = await rejection(connect({ url: `rediss://localhost:${port}`, tls: { ca } }));
    expect(error).toBeInstanceOf(StoreTlsError);
  });
});
