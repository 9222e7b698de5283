import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startRedis, type RedisServer, type RedisServerOptions } from '../support/redis-server.js';
import { closeLater, serve } from './fixtures.js';

/** @returns why there can be no server with TLS here; '' where there can */
export async function lackOfTls(): Promise<string> {
  if (spawnSync('openssl', ['version']).status !== 0) return 'there is no openssl here';
  try {
    // Some servers are built without TLS, and exit when it is configured.
    await (await startRedis({ args: ['--tls-port', '0'] })).stop();
    return '';
  } catch {
    return 'this server is built without TLS';
  }
}

/** A server that speaks TLS on `port`. @returns the authority of its certificate as well */
export async function tlsServer(
  options: RedisServerOptions = {},
): Promise<{ server: RedisServer; port: number; ca: string }> {
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
  const port = await freePort();
  const settings = { 'tls-port': `${port}`, 'tls-auth-clients': 'no', 'tls-cert-file': cert, 'tls-key-file': key };
  const all = Object.entries({ ...settings, 'tls-ca-cert-file': cert });
  const server = await serve(
    options.sentinel
      ? { ...options, sentinel: [...options.sentinel, ...all.map(([name, value]) => `${name} ${value}`)] }
      : { ...options, args: [...(options.args ?? []), ...all.flatMap(([name, value]) => [`--${name}`, value])] },
  );
  return { server, port, ca: readFileSync(cert, 'utf8') };
}
