/**
 * `npm run test:soak -- [part …] [--store memory|embedded|redis|all] [--minutes 60] [--rate 100] [--seed 1]
 * [--results artefacts/soak]`: what takes longer than `npm test` may. Without a part all of them run, one after another; with
 * `--store` only the soak. The soaks of several stores run side by side.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const STORES = ['memory', 'embedded', 'redis'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    store: { type: 'string' },
    minutes: { type: 'string', default: '60' },
    rate: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    results: { type: 'string', default: 'artefacts/soak' },
  },
});
const { store = 'all', minutes, rate, seed, results } = values;

/** Suites that match, with variables that make them long. */
const suites = (pattern, env) => ({
  args: ['scripts/test.mjs', '--runInBand', '--testPathPatterns', pattern],
  env,
});
const campaigns = (...args) => ({ args: ['scripts/campaign.mjs', ...args, '--results', results], env: {} });

/** The commands of each part; those of one list run in parallel. */
const PARTS = {
  /** A mixed load on each store: do memory, handles, keys and latency stay level? */
  stores: (store === 'all' ? STORES : [store]).map((name) =>
    suites('test/soak/soak.spec', {
      ...{ SOAK_STORE: name, SOAK_MINUTES: minutes, SOAK_RATE: rate, SOAK_SEED: seed, SOAK_RESULTS: results },
      // Longer than the suite, which gives no sign of life meanwhile.
      STANDSTILL_MINUTES: `${Number(minutes) + 10}`,
    }),
  ),
  /** Faults at full size. */
  campaigns: [campaigns('all', '--size', 'full', '--seed', seed)],
  /** Random commands against the reference, many seeds. */
  model: [suites('test/model', { MODEL_RUNS: '1000', GRAPH_SEEDS: '2000' })],
  /** Worker and store on a network that fails, many seeds. */
  simulation: [{ args: ['scripts/simulation.mjs', '--seeds', '10000', '--seed', seed], env: {} }],
  /** Processes killed at random moments. */
  kills: [suites('test/e2e/embedded-kill', { KILL_ROUNDS: '500' })],
};

const names = positionals.length > 0 ? positionals : values.store === undefined ? Object.keys(PARTS) : ['stores'];
for (const name of names) if (!(name in PARTS)) refuse(`no part '${name}': ${Object.keys(PARTS).join(', ')}`);
if (![...STORES, 'all'].includes(store)) refuse(`--store is ${store}: ${STORES.join(', ')} or all`);
for (const [option, value] of Object.entries({ minutes, rate, seed }))
  if (!/^\d{1,9}(\.\d+)?$/.test(value)) refuse(`--${option} is ${value}: a number`);

for (const name of names) {
  const codes = await Promise.all(PARTS[name].map(run));
  process.stdout.write(`${name}: ${codes.every((code) => code === 0) ? 'passed' : 'FAILED'}\n`);
  if (codes.some((code) => code !== 0)) process.exitCode = 1;
}

function run({ args, env }) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  return new Promise((resolve) => child.on('exit', resolve));
}

function refuse(text) {
  process.stderr.write(`${text}\n`);
  process.exit(2);
}
