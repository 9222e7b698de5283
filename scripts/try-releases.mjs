/**
 * `node scripts/try-releases.mjs [node versions]`: runs the packed library and console on each release of Node (default 20.19,
 * 22 and 24) with Nest 11 (CommonJS, ioredis 5) and Nest 12 (ES modules, ioredis 6), on all three stores. Node comes from npm.
 * From 22 on the embedded store uses the SQLite of Node. Needs the npm registry and a Redis server.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ensureRedis } from './ensure-redis.mjs';
import { APPS, install, makeApp, NATIVE, packLibraries, report, runApp } from './packed-apps.mjs';

const NODES = process.argv.length > 2 ? process.argv.slice(2) : ['20.19', '22', '24'];

const work = mkdtempSync(join(tmpdir(), 'releases-'));
const tarballs = packLibraries(work);
const port = await freePort();
const options = ['--port', String(port), '--save', '', '--dir', work];
const redis = spawn(ensureRedis(), options, { stdio: 'ignore' });
let failed = 0;
try {
  await untilOpen(port);
  const binaries = NODES.map((version) => ({ version, binary: fetchNode(version) }));
  for (const app of APPS) {
    const folder = makeApp(app, work, tarballs);
    for (const { version, binary } of binaries) await tryAll(app, folder, version, binary);
  }
} finally {
  redis.kill();
  await once(redis, 'exit');
  rmSync(work, { recursive: true, force: true });
}
console.log('not tried: musl (scripts/try-musl.mjs), other systems than this one');
process.exitCode = failed > 0 ? 1 : 0;

async function tryAll({ nest }, folder, version, binary) {
  const stores = {
    memory: 'memory',
    embedded: { type: 'embedded', path: join(folder, `node-${version}.db`) },
    redis: { type: 'redis', port },
  };
  const native = join(folder, 'node_modules', ...NATIVE.split('/'));
  const exact = execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim();
  if (Number(exact.slice(1).split('.')[0]) >= 22 && existsSync(native)) rmSync(native, { recursive: true });
  for (const [name, store] of Object.entries(stores)) {
    const problem = await runApp([binary, 'dist/main.js'], folder, store);
    if (!report(`Node ${exact}  Nest ${nest}  ${name}`, problem)) failed++;
  }
}

/** @returns the path of that Node */
function fetchNode(version) {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const folder = join(work, `node-${version}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: { [name]: version } }));
  install(folder);
  return join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

async function untilOpen(port) {
  for (let tries = 0; tries < 100; tries++) {
    const socket = connect(port, '127.0.0.1');
    const opened = await new Promise((resolve) =>
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false)),
    );
    socket.destroy();
    if (opened) return;
    await wait(100);
  }
  throw new Error('the Redis server does not listen');
}
