/**
 * The figures: `npm run bench -- [memory|redis|all] [options]`, all by default.
 *
 *   memory            the store `memory` next to in-memory queues
 *   redis             the store `redis` next to BullMQ, on its own redis-server (from PATH, or REDIS_SERVER_BIN)
 *
 *   --rounds N        rounds, both sides in turn in each; default 5
 *   --json FILE       where the figures go; default bench/results/<suite>.json
 *   --quick           a smoke run: small numbers, one round, both sides at once; not to be quoted
 *
 * Of `redis` alone:
 *   --only a,b        these scenarios; an unknown name lists them all
 *   --except a,b      all but these
 *   --markdown FILE   also writes the figures between the markers in FILE, as docs/benchmarks.md has them
 *   --from FILE       measures nothing: reports the figures that an earlier run has written
 *   --jobs N          jobs of a measurement; default 60000
 *   --aof             Redis with appendonly, fsync every second; default: no persistence
 *   --side ours       one side only, to work on it: ours or bullmq
 *   --bullmq-keep-by  worker (default: cheaper for it) or job: whose option keeps a thousand completed jobs
 *   --cpu-prof DIR    CPU profiles of the measured processes, which slows them: not to be quoted
 *
 * Progress goes to stderr, tables to stdout. Exit code 1: a measurement was invalid, and which is said; 2: it could not run.
 */
import { runMemorySuite } from './memory/suite.js';
import { parseOptions } from './options.js';
import { scenariosNamed } from './redis/scenarios.js';
import { runRedisSuite } from './redis/suite.js';

process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
try {
  const options = parseOptions(process.argv.slice(2));
  const scenarios = scenariosNamed(options);
  if (options.suite !== 'redis') await runMemorySuite(options);
  const valid = options.suite === 'memory' || (await runRedisSuite(options, scenarios));
  process.exit(valid ? 0 : 1);
} catch (error) {
  console.error(`bench: ${(error as Error).message}`);
  process.exit(2);
}
