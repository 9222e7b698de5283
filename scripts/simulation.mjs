/**
 * `npm run simulation -- [--store memory|redis] [--seeds 10000] [--seed 1]`: so many seeds from one on, in pieces. A
 * failure prints what happened last, and how to play its seed again.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const PIECE = 2_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'memory' },
    seeds: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
  },
});
for (const option of ['seeds', 'seed'])
  if (!/^\d{1,9}$/.test(values[option])) {
    process.stderr.write(`--${option} is ${values[option]}: a whole number\n`);
    process.exit(2);
  }
if (!['memory', 'redis'].includes(values.store)) {
  process.stderr.write(`--store is ${values.store}: memory or redis\n`);
  process.exit(2);
}
const end = Number(values.seed) + Number(values.seeds);
for (let seed = Number(values.seed); seed < end && !process.exitCode; seed += PIECE) {
  const count = Math.min(PIECE, end - seed);
  const { status } = spawnSync(
    process.execPath,
    ['scripts/test.mjs', '--runInBand', '--testPathPatterns', `test/simulation/${values.store}.spec`],
    {
      cwd: root,
      stdio: 'inherit',
      env: {
        ...process.env,
        SIMULATION_SEED: `${seed}`,
        SIMULATION_SEEDS: `${count}`,
        // As long as the suite may take: it gives no sign of life meanwhile.
        STANDSTILL_MINUTES: `${count / 60 + 2}`,
      },
    },
  );
  process.exitCode = status ?? 1;
}
