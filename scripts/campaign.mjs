/**
 * `npm run campaign -- <name> [--seconds 60] [--seed 7] [--results folder]`: a campaign of faults at any size. Without a
 * name it lists them. The seed repeats what is random; what the network and the processes make of it may differ.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const names = readdirSync(`${root}test/campaigns`)
  .filter((file) => file.endsWith('.spec.ts') && file !== 'checkers.spec.ts')
  .map((file) => file.replace(/\.spec\.ts$/, ''));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    results: { type: 'string', default: 'artefacts/campaigns' },
  },
});
const [name] = positionals;
if (positionals.length !== 1 || !(name === 'all' || names.includes(name))) {
  process.stderr.write(`name one campaign: ${names.join(', ')}, or all\n`);
  process.exit(2);
}
for (const option of ['seconds', 'seed'])
  if (values[option] !== undefined && !/^\d{1,10}$/.test(values[option])) {
    process.stderr.write(`--${option} is ${values[option]}: a whole number\n`);
    process.exit(2);
  }
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
      CAMPAIGN_SECONDS: values.seconds,
      CAMPAIGN_RESULTS: values.results,
      // The suite gives no sign of life meanwhile.
      STANDSTILL_MINUTES: `${Number(values.seconds) / 60 + 9}`,
      CAMPAIGN_SEED: values.seed ?? `${Math.floor(Math.random() * 2 ** 31)}`,
    },
  },
);
process.exitCode = status ?? 1;
