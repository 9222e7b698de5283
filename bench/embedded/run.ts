import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

/** Durable executions/s, and how soon 100,000 waiting ones are back after a kill. */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    count: { type: 'string', default: '40000' },
    json: { type: 'string', default: 'bench/results/embedded.json' },
  },
});
const WAITING = 100_000;
const measure = fileURLToPath(new URL('./measure.js', import.meta.url));
// Beside the repository, since what is under /tmp may be in memory.
mkdirSync('bench/results', { recursive: true });
const folder = mkdtempSync(join('bench', 'results', 'embedded-'));
const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

async function figures<T>(...args: string[]): Promise<T> {
  const { stdout } = await promisify(execFile)(process.execPath, [measure, ...args]);
  return JSON.parse(stdout) as T;
}

const redis = await startRedis();
const subjects: [name: string, store: string, place: (round: number) => string][] = [
  ["embedded, sync 'always'", 'always', (round) => join(folder, `always-${round}.db`)],
  ["embedded, sync 'interval'", 'interval', (round) => join(folder, `interval-${round}.db`)],
  ['memory (nothing durable)', 'memory', () => '-'],
];
if (redis) subjects.push(['BullMQ, AOF always', 'bullmq', () => String(redis.port)]);
else console.error('redis-server is not on the PATH: BullMQ is left out');

const samples = new Map<string, number[]>(subjects.map(([name]) => [name, []]));
const recovery: { ms: number; empty: number }[] = [];
try {
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const [name, store, place] of subjects) {
      const { perSecond } = await figures<{ perSecond: number }>('run', store, place(round), values.count);
      samples.get(name)!.push(perSecond);
      console.error(`round ${round}  ${name}  ${Math.round(perSecond).toLocaleString('en')}/s`);
    }
    const path = join(folder, `waiting-${round}.db`);
    await figures('fill', path, String(WAITING)).catch(() => undefined);
    const { ms, waiting } = await figures<{ ms: number; waiting: number }>('open', path);
    if (waiting !== WAITING) throw new Error(`${waiting} of ${WAITING} came back`);
    const { ms: empty } = await figures<{ ms: number }>('open', join(folder, `empty-${round}.db`));
    recovery.push({ ms, empty });
    console.error(
      `round ${round}  ${WAITING} waiting are back after ${Math.round(ms)} ms (none: ${Math.round(empty)} ms)`,
    );
  }
} finally {
  redis?.process.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}

const base = samples.get('BullMQ, AOF always');
const rows = [...samples].map(([name, all]) => ({
  name,
  perSecond: Math.round(median(all)),
  min: Math.round(Math.min(...all)),
  max: Math.round(Math.max(...all)),
  // The ratio of each round, since both halves of a round met the same machine.
  ...(base && { 'x BullMQ': Number(median(all.map((value, round) => value / base[round]!)).toFixed(2)) }),
}));
const back = { waiting: WAITING, ms: Math.round(median(recovery.map(({ ms }) => ms))) };
console.log(
  `no-op executions/s, added 1000 at a time, run 100 at a time; medians of ${values.rounds} rounds, ` +
    `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}`,
);
console.table(rows);
console.log(`${WAITING} waiting executions after a kill -9: the app is up in ${back.ms} ms`);
writeFileSync(values.json, JSON.stringify({ node: process.version, rows, recovery, samples: [...samples] }, null, 2));

async function startRedis(): Promise<{ port: number; process: ChildProcess } | null> {
  const port = await freePort();
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const server = spawn('redis-server', [...options, '--appendonly', 'yes', '--appendfsync', 'always'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const failed = once(server, 'error').then(() => null);
  for (;;) {
    const said = await Promise.race([once(server.stdout, 'data'), failed]);
    if (said === null) return null;
    if (String(said[0]).includes('Ready to accept connections')) return { port, process: server };
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
