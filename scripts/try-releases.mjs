/**
 * `node scripts/try-releases.mjs [node versions]`: runs the packed library and console on each release of Node (default 20.19,
 * 22 and 24) with Nest 11 (CommonJS, ioredis 5) and Nest 12 (ES modules, ioredis 6), on all three stores. Node comes from npm.
 * From 22 on the embedded store uses the SQLite of Node. Needs the npm registry and a Redis server.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ensureRedis } from './ensure-redis.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NODES = process.argv.length > 2 ? process.argv.slice(2) : ['20.19', '22', '24'];
const NATIVE = '@photostructure/sqlite';
const APPS = [
  { nest: '11', type: 'commonjs', ioredis: '5', schedule: '6', emitter: '3', terminus: '11' },
  { nest: '12', type: 'module', ioredis: '6', schedule: '12', emitter: '12', terminus: '12' },
];
const EXPECTED = '"result":42';
const LIMIT_MS = 60_000;

const work = mkdtempSync(join(tmpdir(), 'releases-'));
const npm = (args, cwd) => execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const install = (cwd) => npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], cwd);

const tarballs = Object.fromEntries(
  ['scheduler', 'scheduler-console'].map((name) => {
    const output = npm(['pack', `./libs/${name}`, '--pack-destination', work], ROOT);
    return [`nestjs-advanced-${name}`, `file:${join(work, output.trim().split('\n').at(-1))}`];
  }),
);
const port = await freePort();
const options = ['--port', String(port), '--save', '', '--dir', work];
const redis = spawn(ensureRedis(), options, { stdio: 'ignore' });
let failed = 0;
try {
  await untilOpen(port);
  const binaries = NODES.map((version) => ({ version, binary: fetchNode(version) }));
  for (const app of APPS) {
    const folder = makeApp(app);
    for (const { version, binary } of binaries) await tryAll(app, folder, version, binary);
  }
} finally {
  redis.kill();
  await once(redis, 'exit');
  rmSync(work, { recursive: true, force: true });
}
console.log('not tried: musl (Alpine), which needs a container; other systems than this one');
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
    const problem = await start(binary, folder, store);
    if (problem !== null) failed++;
    console.log(
      `${problem === null ? 'ok    ' : 'FAILED'}  Node ${exact}  Nest ${nest}  ${name}${problem ? `\n${problem}` : ''}`,
    );
  }
}

/** @returns null, or the output of a run that went wrong */
async function start(binary, folder, store) {
  const child = spawn(binary, ['dist/main.js'], { cwd: folder, env: { STORE: JSON.stringify(store) } });
  child.stdin.end();
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  return code === 0 && output.includes(EXPECTED) ? null : output;
}

function makeApp({ nest, type, ioredis, schedule, emitter, terminus }) {
  const folder = join(work, `nest-${nest}`);
  mkdirSync(join(folder, 'src'), { recursive: true });
  cpSync(join(ROOT, 'test/packaging/bundled-app/main.ts'), join(folder, 'src/main.ts'));
  const ofNest = ['common', 'core', 'platform-express'].map((name) => [`@nestjs/${name}`, nest]);
  const dependencies = {
    ...Object.fromEntries(ofNest),
    ...{ '@nestjs/schedule': schedule, '@nestjs/event-emitter': emitter, '@nestjs/terminus': terminus },
    ...{ 'reflect-metadata': '^0.2.2', rxjs: '^7.8.2', ioredis, [NATIVE]: '^1.2.1', ...tarballs },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type, dependencies }));
  install(folder);
  const compilerOptions = {
    ...{ module: 'nodenext', target: 'ES2023', strict: true, skipLibCheck: true },
    ...{ experimentalDecorators: true, emitDecoratorMetadata: true },
    ...{ types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')], rootDir: 'src', outDir: 'dist' },
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.'], {
    cwd: folder,
    stdio: 'inherit',
  });
  return folder;
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
