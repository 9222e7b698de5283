import { SUBJECTS } from './subjects.js';

/** One measurement in a separate process: `measure <subject> <queued>` prints executions/s as JSON. */
const [name, queued] = process.argv.slice(2);
const subject = await SUBJECTS[name!]!();
const count = Number(queued);
/** As much warm-up for each, and then enough rounds to see past one collection of garbage. */
const WARM_UP = 200_000;
const rounds = Math.max(1, Math.round(300_000 / count));
for (let done = 0; done < WARM_UP; done += Math.min(count, 20_000)) await subject.run(Math.min(count, 20_000));
const begun = process.hrtime.bigint();
for (let round = 0; round < rounds; round++) await subject.run(count);
const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
await subject.close();
process.stdout.write(JSON.stringify({ perSecond: (rounds * count) / seconds, rss: process.memoryUsage().rss }));
process.exit(0);
