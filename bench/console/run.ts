/**
 * The console under load: `npm run bench:console -- [options]`.
 *
 *   --store S         memory, redis (a redis-server of its own, from PATH or REDIS_SERVER_BIN) or all; default all
 *   --executions N    that run meanwhile; default 10000
 *   --rate N          requests a second; default 200
 *   --duration N      of the requests, seconds; default 20
 *   --clients N       of the live channel, at most 100; default 100
 *   --rounds N        of each store; default 3
 *   --json FILE       where the figures go; default bench/results/console.json
 *
 * The app, the live clients and autocannon run in a process each. Progress goes to stderr, the table to stdout.
 * Exit code 1: a bar was not met; 2: it could not run.
 */
import { foreignShare, machineCpuUs } from '../redis/machine.js';
import { RedisServer } from '../redis/server.js';
import { machineName, writeResults } from '../results.js';
import { Child, cpuUs } from './child.js';
import { load } from './load.js';
import { parseConsoleOptions, type ConsoleBenchOptions, type StoreName } from './options.js';
import type { ClientsApi, ServerApi } from './protocol.js';
import { failuresOf, printReport, type StoreFigures } from './report.js';

/** What the clients take to read that all have been scheduled, seconds, about. */
const CATCH_UP_S = 5;

process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
try {
  const options = parseConsoleOptions(process.argv.slice(2));
  const figures: StoreFigures[] = [];
  for (let round = 1; round <= options.rounds; round++)
    for (const store of options.stores) figures.push(await measure(store, options));
  const heading =
    `${options.rate} requests/s for ${options.duration} s while ${options.executions} executions run, ` +
    `${options.clients} live clients; ${machineName()}`;
  printReport(heading, figures);
  writeResults(options.json, { heading, options, figures });
  process.exit(failuresOf(figures).length === 0 ? 0 : 1);
} catch (error) {
  console.error(`bench: ${(error as Error).message}`);
  process.exit(2);
}

async function measure(name: StoreName, options: ConsoleBenchOptions): Promise<StoreFigures> {
  const redis = name === 'redis' ? await RedisServer.start(false) : null;
  const server = new Child<ServerApi>('./server.js');
  const watchers = new Child<ClientsApi>('./clients.js');
  const ownCpuUs = async (): Promise<number> =>
    cpuUs() + (await server.ask('cpuUs')) + (await watchers.ask('cpuUs')) + ((await redis?.sample())?.cpuUs ?? 0);
  try {
    const store = redis
      ? { type: 'redis' as const, url: `redis://127.0.0.1:${redis.port}` }
      : { type: 'memory' as const };
    const { url } = await server.ask('open', store);
    await watchers.ask('open', url, options.clients);
    const before = {
      at: performance.now(),
      machine: machineCpuUs(),
      own: await ownCpuUs(),
      app: await server.ask('cpuUs'),
    };
    const { ids } = await server.ask(
      'schedule',
      options.executions,
      options.executions / (options.duration + CATCH_UP_S),
    );
    // A hundred clients that read ten thousand events in one go are more than this machine has to share.
    await watchers.ask('catchUp', options.executions);
    // The last ones, since they are there until the end.
    const { scheduled, ...http } = await load(url, options.rate, options.duration, ids.slice(-4));
    const seconds = await server.ask('settle');
    const all = [...ids, ...scheduled];
    const clients = await watchers.ask('check', all);
    const elapsed = performance.now() - before.at;
    const figures = {
      ...{ store: name, http, executions: all.length, seconds, clients },
      appCpu: ((await server.ask('cpuUs')) - before.app) / (1000 * elapsed),
      foreign: foreignShare(before.machine, (await ownCpuUs()) - before.own, elapsed),
    };
    console.error(`${name}: p99 ${http.p99} ms of ${http.requests} requests`);
    return figures;
  } finally {
    await Promise.all([server.end(), watchers.end()]);
    await redis?.stop();
  }
}
