import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BenchOptions } from '../options.js';
import { machineName, writeResults } from '../results.js';
import { median, ratios } from '../statistics.js';
import { SUBJECTS } from './subjects.js';

const BASE = 'fastq.promise';
const measure = fileURLToPath(new URL('./measure.js', import.meta.url));

/** The scheduler on store `memory` next to in-memory queues: no-op executions/s, 100 at a time. */
export async function runMemorySuite(options: BenchOptions): Promise<void> {
  const depths = options.quick ? [1_000] : [1_000, 1_000_000];
  const samples = new Map<string, number[]>();
  const key = (name: string, queued: number): string => `${name} @ ${queued}`;

  // In turn, so that a noisy minute of the machine falls on all alike.
  for (let round = 1; round <= options.rounds; round++) {
    for (const queued of depths) {
      for (const name of Object.keys(SUBJECTS)) {
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

  const rows = depths.flatMap((queued) =>
    Object.keys(SUBJECTS).map((name) => {
      const all = samples.get(key(name, queued))!;
      return {
        queued,
        name,
        perSecond: Math.round(median(all)),
        min: Math.round(Math.min(...all)),
        max: Math.round(Math.max(...all)),
        [`x ${BASE}`]: Number(median(ratios(all, samples.get(key(BASE, queued))!)).toFixed(2)),
      };
    }),
  );
  console.log(`no-op executions/s, 100 at a time, medians of ${options.rounds} rounds, ${machineName()}`);
  console.table(rows);
  writeResults(options.json ?? 'bench/results/memory.json', {
    node: process.version,
    rounds: options.rounds,
    rows,
    samples: Object.fromEntries(samples),
  });
}
