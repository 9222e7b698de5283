/**
 * A worker that holds a run with a lock while its event loop stands still, for renewal-thread.spec.ts. argv: the built
 * library's index.js, and settings as JSON. Talks to its parent by IPC.
 */
const [library, text] = process.argv.slice(2);
const { url, namespace, lease, stallLimit, keepAlive, client, standFor } = JSON.parse(text);
const load = (path) => import(new URL(`store/redis/${path}`, library));
const { RedisTaskStore } = await load('redis.store.js');
const { resolveRedisOptions } = await load('connection/redis-options.js');
const { Redis } = await import('ioredis');

const say = (message) => new Promise((resolve) => process.send(message, resolve));
const where = client ? { client: new Redis(url, { lazyConnect: true }) } : { url };
const store = new RedisTaskStore({
  connection: resolveRedisOptions(where),
  namespace,
  lease,
  stallLimit,
  maxAttemptDuration: 3_600_000,
  history: { count: 1000, age: null, bytes: null },
});
await store.open();
const workerId = 'standing';
const about = { workerId, hostname: 'h', pid: process.pid, appName: 'app', version: '1.0.0' };
await store.register({ ...about, tasks: ['t'], queues: ['default'], maxConcurrentTasks: 1 });
if (keepAlive) store.keepAlive(workerId);
const trip = { workerId, pipeline: 0, settlements: [], demand: 1 };
const { claims } = await store.exchange({ ...trip, sequence: 1 });
await say({ claimed: claims.length });

/** As a handler that computes, or that waits for something outside of JavaScript. */
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, standFor);

const [{ executionId, leaseToken }] = claims;
const done = { kind: 'complete', executionId, leaseToken, result: '"done"', error: null, reason: null, delay: 0 };
const { settled } = await store.exchange({ ...trip, demand: 0, sequence: 2, settlements: [done] });
await say({ settled });

process.once('message', async () => {
  const from = performance.now();
  await store.close();
  const closedIn = performance.now() - from;
  // Sockets that were destroyed are closed a turn or two later.
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  await say({ closedIn, left: process.getActiveResourcesInfo() });
  process.disconnect();
});
