import { measureAdding } from './measure/adding.js';
import { measureDepth } from './measure/depth.js';
import { measureIdle } from './measure/idle.js';
import { measureLatency } from './measure/latency.js';
import { measureMemory } from './measure/memory.js';
import { measureProcessing } from './measure/processing.js';
import type { Metrics, Run } from './run.js';

export interface Scenario {
  name: string;
  /** What is measured, for the table. */
  title: string;
  run(run: Run): Promise<Metrics>;
}

const LATENCY = { gap: 2, probes: 1_000 };
/** Long enough for any polling behind the wake-up to have slowed down. */
const RESTED = { gap: 50, probes: 200 };

const scenario = (name: string, title: string, run: Scenario['run']): Scenario => ({ name, title, run });

export const SCENARIOS: readonly Scenario[] = [
  scenario('add-one', 'add one by one, awaited', (run) => measureAdding(run, 'one')),
  scenario('add-concurrent', 'add, 100 in flight', (run) => measureAdding(run, 'concurrent')),
  scenario('add-bulk', 'add 1000 in a call', (run) => measureAdding(run, 'bulk')),
  scenario('add-bulk-levels', 'add 1000 in a call, five priorities', (run) => measureAdding(run, 'bulk', 'levels')),
  scenario('process-1', 'process, concurrency 1', (run) => measureProcessing(run, { concurrency: 1 })),
  scenario('process-10', 'process, concurrency 10', (run) => measureProcessing(run, { concurrency: 10 })),
  scenario('process-100', 'process, concurrency 100', (run) => measureProcessing(run, { concurrency: 100 })),
  scenario('process-500', 'process, concurrency 500', (run) => measureProcessing(run, { concurrency: 500 })),
  scenario('process-2x100', 'process, two workers of concurrency 100', (run) =>
    measureProcessing(run, { concurrency: 100, workers: 2 }),
  ),
  scenario('process-levels', 'process five priorities, concurrency 100', (run) =>
    measureProcessing(run, { concurrency: 100, kind: 'levels' }),
  ),
  scenario('flow-create-one', 'create a parent with ten children, awaited', (run) =>
    measureAdding(run, 'one', 'flows'),
  ),
  scenario('flow-create', 'create a parent with ten children, 100 in flight', (run) =>
    measureAdding(run, 'concurrent', 'flows'),
  ),
  scenario('flow-process', 'process parents with ten children, concurrency 100', (run) =>
    measureProcessing(run, { concurrency: 100, kind: 'flows' }),
  ),
  scenario('latency-same', 'add to start, idle queue, one process', (run) =>
    measureLatency(run, { across: false, ...LATENCY }),
  ),
  scenario('latency-across', 'add to start, idle queue, two processes', (run) =>
    measureLatency(run, { across: true, ...LATENCY }),
  ),
  scenario('latency-rested', 'add to start after a rest of 50 ms, two processes', (run) =>
    measureLatency(run, { across: true, ...RESTED }),
  ),
  scenario('idle', 'a worker without work, a second', (run) => measureIdle(run)),
  scenario('memory', 'bytes of a queued job', (run) => measureMemory(run)),
  scenario('memory-levels', 'bytes of a queued job, five priorities', (run) => measureMemory(run, 'levels')),
  scenario('memory-flows', 'bytes of a queued job of a flow', (run) => measureMemory(run, 'flows')),
  scenario('depth-1k', 'one thousand queued', (run) => measureDepth(run, 1_000)),
  scenario('depth-100k', 'a hundred thousand queued', (run) => measureDepth(run, 100_000)),
  scenario('depth-1m', 'one million queued', (run) => measureDepth(run, run.options.quick ? 50_000 : 1_000_000)),
];

/** @throws Error that lists the names, where one is unknown */
export function scenariosNamed(names: readonly string[]): readonly Scenario[] {
  const unknown = names.filter((name) => !SCENARIOS.some((each) => each.name === name));
  if (unknown.length > 0)
    throw new Error(
      `no scenario ${unknown.join(', ')}; there are\n${SCENARIOS.map((s) => `  ${s.name.padEnd(18)} ${s.title}`).join('\n')}`,
    );
  return names.length === 0 ? SCENARIOS : SCENARIOS.filter(({ name }) => names.includes(name));
}
