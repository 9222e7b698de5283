import type { BenchOptions } from '../options.js';
import { FAMILY } from './graph.js';
import { measureAdding } from './measure/adding.js';
import { measureBoot } from './measure/boot.js';
import { measureDelayed } from './measure/delayed.js';
import { measureDepth } from './measure/depth.js';
import { measureEach } from './measure/each.js';
import { measureGraphs } from './measure/graphs.js';
import { measureIdle } from './measure/idle.js';
import { measureLatency } from './measure/latency.js';
import { measureMemory } from './measure/memory.js';
import { measureHandlers, measureProcessing } from './measure/processing.js';
import { measureFiring, measurePuttingSchedules } from './measure/schedules.js';
import type { Metrics, Run } from './run.js';
import type { Side } from './subject.js';

export interface Scenario {
  name: string;
  /** What is measured, for the table. */
  title: string;
  /** Those that can do it. Default: both. */
  sides?: readonly Side[];
  run(run: Run): Promise<Metrics>;
}

/** Fewer probes measure mostly code that is not compiled yet. */
const LATENCY = { gap: 2, probes: 4_000, quickProbes: 100 };
/** Long enough for any polling behind the wake-up to have slowed down. */
const RESTED = { gap: 50, probes: 100, quickProbes: 20 };
const LEVELS = { job: { levels: 5 } };
const FAMILIES = { graph: FAMILY };
/** Of the jobs, where each takes its time. */
const THIRD = 1 / 3;
const SIXTH = 1 / 6;

const scenario = (name: string, title: string, run: Scenario['run']): Scenario => ({ name, title, run });
/** BullMQ has nothing like it. */
const ours = (name: string, title: string, run: Scenario['run']): Scenario => ({ name, title, run, sides: ['ours'] });

export const SCENARIOS: readonly Scenario[] = [
  scenario('add-one', 'add one by one, awaited', (run) => measureAdding(run, { mode: 'one', share: THIRD })),
  scenario('add-concurrent', 'add, 100 in flight', (run) => measureAdding(run, { mode: 'concurrent' })),
  scenario('add-bulk', 'add 1000 in a call', (run) => measureAdding(run, { mode: 'bulk' })),
  scenario('add-bulk-levels', 'add 1000 in a call, five priorities', (run) =>
    measureAdding(run, { mode: 'bulk', work: LEVELS }),
  ),
  scenario('add-paused', 'add one by one to a paused queue with a worker', (run) =>
    measureAdding(run, { mode: 'one', share: SIXTH, paused: true }),
  ),
  scenario('process-1', 'process, concurrency 1', (run) => measureProcessing(run, { concurrency: 1, share: SIXTH })),
  scenario('process-10', 'process, concurrency 10', (run) => measureProcessing(run, { concurrency: 10 })),
  scenario('process-100', 'process, concurrency 100', (run) => measureProcessing(run, { concurrency: 100 })),
  scenario('process-500', 'process, concurrency 500', (run) => measureProcessing(run, { concurrency: 500 })),
  scenario('process-2x100', 'process, two workers of concurrency 100', (run) =>
    measureProcessing(run, { concurrency: 100, workers: 2 }),
  ),
  scenario('process-levels', 'process five priorities, concurrency 100', (run) =>
    measureProcessing(run, { concurrency: 100, work: LEVELS, share: THIRD }),
  ),
  ...[1, 10, 100].flatMap((ms) =>
    [1, 10, 100].map((concurrency) =>
      scenario(`handler-${ms}ms-${concurrency}`, `handlers of ${ms} ms, concurrency ${concurrency}`, (run) =>
        measureHandlers(run, ms, concurrency),
      ),
    ),
  ),
  scenario('retries', 'two attempts fail, the third succeeds, concurrency 100', (run) =>
    measureProcessing(run, { concurrency: 100, work: { job: { failures: 2 } }, share: SIXTH }),
  ),
  scenario('delayed', 'due within one second, concurrency 100', (run) => measureDelayed(run)),
  scenario('cron-create', 'create 500 schedules, 50 in flight', (run) => measurePuttingSchedules(run)),
  scenario('cron', '500 schedules that fire every second', (run) => measureFiring(run)),
  ...[1000, 10].map((locks) =>
    ours(`locks-${locks}`, `each needs one of ${locks} locks, concurrency 100`, (run) =>
      measureProcessing(run, { concurrency: 100, work: { job: { locks } }, share: SIXTH }),
    ),
  ),
  scenario('cancel', 'cancel queued jobs, 100 in flight', (run) => measureEach(run, 'cancel')),
  scenario('find', 'look up a job by its id, 100 in flight', (run) => measureEach(run, 'find')),
  scenario('flow-create-one', 'create a parent with ten children, awaited', (run) =>
    measureAdding(run, { mode: 'one', work: FAMILIES, share: THIRD }),
  ),
  scenario('flow-create', 'create a parent with ten children, 100 in flight', (run) =>
    measureAdding(run, { mode: 'concurrent', work: FAMILIES }),
  ),
  scenario('flow-process', 'process parents with ten children, concurrency 100', (run) =>
    measureProcessing(run, { concurrency: 100, work: FAMILIES }),
  ),
  scenario('chain', 'a chain of 1,000', (run) => measureGraphs(run, { form: 'chain', nodes: 1000 })),
  scenario('fan-in', 'one waits for 999', (run) => measureGraphs(run, { form: 'fanIn', nodes: 1000 })),
  ours('fan-out', '999 wait for one', (run) => measureGraphs(run, { form: 'fanOut', nodes: 1000 })),
  ours('layers', '100 layers of 10, each waits for the layer before', (run) =>
    measureGraphs(run, { form: 'layers', nodes: 1000, width: 10 }),
  ),
  ours('fan-in-5k', 'one waits for 5,000', (run) => measureGraphs(run, { form: 'fanIn', nodes: 5001 })),
  scenario('latency-same', 'add to start, idle queue, one process', (run) =>
    measureLatency(run, { across: false, ...LATENCY }),
  ),
  scenario('latency-across', 'add to start, idle queue, two processes', (run) =>
    measureLatency(run, { across: true, ...LATENCY }),
  ),
  scenario('latency-rested', 'add to start after a rest of 50 ms, two processes', (run) =>
    measureLatency(run, { across: true, ...RESTED }),
  ),
  scenario('boot', 'start of a process in a Nest app', (run) => measureBoot(run, true)),
  scenario('boot-bare', 'start of a process, ours in a Nest app, BullMQ without', (run) => measureBoot(run, false)),
  scenario('idle', 'a worker without work, a second', (run) => measureIdle(run)),
  scenario('memory', 'bytes of a queued job', (run) => measureMemory(run)),
  scenario('memory-levels', 'bytes of a queued job, five priorities', (run) => measureMemory(run, LEVELS, THIRD)),
  scenario('memory-flows', 'bytes of a queued job of a flow', (run) => measureMemory(run, FAMILIES, THIRD)),
  scenario('depth-1k', 'one thousand queued', (run) => measureDepth(run, 1_000)),
  scenario('depth-100k', 'a hundred thousand queued', (run) => measureDepth(run, run.options.quick ? 20_000 : 100_000)),
  scenario('depth-1m', 'one million queued', (run) => measureDepth(run, run.options.quick ? 50_000 : 1_000_000)),
];

/** @throws Error that lists the names, where one is unknown */
export function scenariosNamed({ only, except }: Pick<BenchOptions, 'only' | 'except'>): readonly Scenario[] {
  const unknown = [...only, ...except].filter((name) => !SCENARIOS.some((each) => each.name === name));
  if (unknown.length > 0)
    throw new Error(
      `no scenario ${unknown.join(', ')}; there are\n${SCENARIOS.map((s) => `  ${s.name.padEnd(18)} ${s.title}`).join('\n')}`,
    );
  return SCENARIOS.filter(({ name }) => (only.length === 0 || only.includes(name)) && !except.includes(name));
}
