/**
 * `npm run campaign -- <name> [--size small|medium|full] [--seconds 60] [--seed 7] [--results folder]`: a campaign of faults.
 * Without a name it lists them. A size is a number of seconds: 6, as in `npm test`; 60, the default; 240, as in
 * `npm run test:soak`. The seed repeats what is random; what the network and the processes make of it may differ.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const names = readdirSync(`${root}test/campaigns`)
  .filter((file) => file.endsWith('.spec.ts') && file !== 'checkers.spec.ts')
  .map((file) => file.replace(/\.spec\.ts$/, ''));

/** Seconds by size. */
const SIZES = { small: '6', medium: '60', full: '240' };

const { values, positionals } = parsed();
const [name] = positionals;
if (positionals.length !== 1 || !(name === 'all' || names.includes(name)))
  refuse(`name one campaign: ${names.join(', ')}, or all`);
if (!Object.hasOwn(SIZES, values.size)) refuse(`--size is ${values.size}: ${Object.keys(SIZES).join(', ')}`);
for (const option of ['seconds', 'seed'])
  if (values[option] !== undefined && !/^\d{1,10}$/.test(values[option]))
    refuse(`--${option} is ${values[option]}: a whole number`);
const seconds = values.seconds ?? SIZES[values.size];
// The comparison with BullMQ waits for its locks to end: 8 minutes, only by its name.
const which = name === 'all' ? `(${names.filter((each) => each !== 'bullmq').join('|')})` : name;
const { status } = spawnSync(
  process.execPath,
  ['scripts/test.mjs', '--runInBand', '--testPathPatterns', `test/campaigns/${which}.spec`],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      CAMPAIGN_SECONDS: seconds,
      CAMPAIGN_RESULTS: values.results,
      // The suite gives no sign of life meanwhile.
      STANDSTILL_MINUTES: `${Number(seconds) / 60 + 9}`,
      CAMPAIGN_SEED: values.seed ?? `${Math.floor(Math.random() * 2 ** 31)}`,
    },
  },
);
process.exitCode = status ?? 1;

function parsed() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        size: { type: 'string', default: 'medium' },
        seconds: { type: 'string' },
        seed: { type: 'string' },
        results: { type: 'string', default: 'artefacts/campaigns' },
      },
    });
  } catch (error) {
    return refuse(error.message);
  }
}

function refuse(why) {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}
