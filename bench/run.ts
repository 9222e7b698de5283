import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { CONTENDERS } from './contenders.js';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, json: { type: 'string', default: 'bench/results/memory.json' } },
});
const measure = fileURLToPath(new URL('./measure.js', import.meta.url));
const QUEUED = [1_000, 1_000_000];
const BASE = 'fastq.promise';

const samples = new Map<string, number[]>();
const key = (name: string, queued: number): string => `${name} @ ${queued}`;
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

// In turn, so that a noisy minute of the machine falls on all alike.
for (let round = 1; round <= Number(values.rounds); round++) {
  for (const queued of QUEUED) {
    for (const name of Object.keys(CONTENDERS)) {
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--max-old-space-size=8192',
        measure,
        name,
        String(queued),
      ]);
      const { perSecond } = JSON.parse(stdout) as { perSecond: number };
      samples.set(key(name, queued), [...(samples.get(key(name, queued)) ?? []), perSecond]);
      console.error(`round ${round}  ${key(name, queued)}  ${Math.round(perSecond).toLocaleString('en')}/s`);
    }
  }
}

const rows = QUEUED.flatMap((queued) =>
  Object.keys(CONTENDERS).map((name) => {
    const all = samples.get(key(name, queued))!;
    const base = samples.get(key(BASE, queued))!;
    // The ratio of each round, since both halves of a round met the same machine.
    const ratio = median(all.map((value, round) => value / base[round]!));
    return {
      queued,
      name,
      perSecond: Math.round(median(all)),
      min: Math.round(Math.min(...all)),
      max: Math.round(Math.max(...all)),
      [`x ${BASE}`]: Number(ratio.toFixed(2)),
    };
  }),
);
console.log(
  `no-op executions/s, 100 at a time, medians of ${values.rounds} rounds, Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}`,
);
console.table(rows);
mkdirSync(new URL('../../bench/results/', import.meta.url), { recursive: true });
writeFileSync(
  values.json,
  JSON.stringify(
    { node: process.version, rounds: Number(values.rounds), rows, samples: Object.fromEntries(samples) },
    null,
    2,
  ),
);
