import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { machineName, writeResults } from '../results.js';
import type { BenchOptions } from '../options.js';
import { median } from '../statistics.js';
import { measureLimits } from './limits.js';
import { figuresOf, withFigures } from './page.js';
import { printReport, type Report } from './report.js';
import { Run, type Metrics } from './run.js';
import type { Scenario } from './scenarios.js';
import { RedisServer } from './server.js';
import { SIDES, type Side } from './subject.js';
import { judge, addSample, summarize, type Samples, type ScenarioSummary } from './summary.js';

const QUOTABLE_JOBS = 60_000;
const QUOTABLE_ROUNDS = 3;
/** Share of the machine beyond which others distort the rates. */
const FOREIGN = 0.1;

/** Measures the scheduler on store `redis` next to BullMQ. @returns whether every measurement was valid */
export async function runRedisSuite(options: BenchOptions, scenarios: readonly Scenario[]): Promise<boolean> {
  const { from, markdown } = options;
  // First, so a document without markers is refused at once.
  if (markdown !== undefined) withFigures(readFileSync(markdown, 'utf8'), '');
  const { report, valid } = from === undefined ? await measureAll(options, scenarios) : reportIn(from);
  printReport(report);
  if (from === undefined)
    writeResults(options.json ?? 'bench/results/redis.json', {
      ...{ ...report, quotable: report.doubts.length === 0, valid, options },
    });
  if (markdown !== undefined) writeFileSync(markdown, withFigures(readFileSync(markdown, 'utf8'), figuresOf(report)));
  return valid;
}

interface Outcome {
  report: Report;
  /** Whether every measurement was. */
  valid: boolean;
}

/** What an earlier run has written. */
function reportIn(path: string): Outcome {
  const { valid, ...report } = JSON.parse(readFileSync(path, 'utf8')) as Report & { valid: boolean };
  return { report: { ...report, targets: judge(report.summary) }, valid };
}

/**
 * Both sides in turn in every round, both warm, each measurement in fresh processes on its own Redis server: the
 * layout of hashes depends on a seed drawn when a server starts, which makes 32 bytes of difference for a job of BullMQ.
 */
async function measureAll(options: BenchOptions, scenarios: readonly Scenario[]): Promise<Outcome> {
  // First, so a missing server is reported at once.
  const { version, limits } = await withServer(options, async (server) => ({
    version: server.version,
    limits: options.only.length === 0 ? await measureLimits(server, options.quick) : [],
  }));
  const samples: Samples = new Map();
  const failures: string[] = [];
  const measure = async (round: number, scenario: Scenario, side: Side): Promise<void> => {
    const label = `round ${round}  ${scenario.name}  ${side}`;
    const begun = performance.now();
    try {
      const metrics = await withServer(options, (server) => runTrial(server, scenario, side, options));
      addSample(samples, scenario.name, side, round, metrics);
      console.error(`${label}  ${brief(metrics)}  (${((performance.now() - begun) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failures.push(`${label}: ${(error as Error).message}`);
      console.error(`${label}  INVALID: ${(error as Error).message}`);
    }
  };
  for (let round = 1; round <= options.rounds; round++)
    for (const scenario of scenarios) {
      const sides = sidesOf(scenario, options, round);
      if (options.quick) await Promise.all(sides.map((side) => measure(round, scenario, side)));
      else for (const side of sides) await measure(round, scenario, side);
    }
  const summary = summarize(scenarios, samples);
  const heading = headingOf(version, options);
  const date = new Date().toISOString().slice(0, 10);
  const doubts = [...doubtsOf(options, summary), ...failures];
  return {
    report: { heading, date, summary, targets: judge(summary), limits, doubts },
    valid: failures.length === 0,
  };
}

/** Which comes first changes, so that neither side always has the colder or the fuller machine. */
function sidesOf(scenario: Scenario, { side }: BenchOptions, round: number): readonly Side[] {
  const sides = (scenario.sides ?? SIDES).filter((each) => side === undefined || each === side);
  return round % 2 === 1 ? sides : [...sides].reverse();
}

async function withServer<T>({ aof }: BenchOptions, work: (server: RedisServer) => Promise<T>): Promise<T> {
  const server = await RedisServer.start(aof);
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

async function runTrial(server: RedisServer, scenario: Scenario, side: Side, options: BenchOptions): Promise<Metrics> {
  const run = new Run(server, side, options);
  try {
    return await scenario.run(run);
  } finally {
    await run.dispose();
  }
}

function headingOf(server: string, { aof, jobs, rounds }: BenchOptions): string {
  const { version } = createRequire(import.meta.url)('bullmq/package.json') as { version: string };
  const persistence = aof ? 'AOF everysec' : 'no persistence';
  const size = `${jobs.toLocaleString('en')} jobs of a fast measurement, ${rounds} rounds`;
  return `${server}, ${persistence}; BullMQ ${version}; ${machineName()}; ${size}`;
}

function doubtsOf(options: BenchOptions, summary: readonly ScenarioSummary[]): string[] {
  const foreign = summary.flatMap(({ metrics }) => Object.values(metrics.foreign?.samples ?? {}).flat());
  const share = foreign.length > 0 ? median(foreign) : 0;
  const doubts: [boolean, string][] = [
    [options.quick, '--quick: a smoke run, with both sides at once'],
    [options.jobs < QUOTABLE_JOBS, `fewer than ${QUOTABLE_JOBS} jobs: cold code flatters the side with less of it`],
    [options.rounds < QUOTABLE_ROUNDS, `fewer than ${QUOTABLE_ROUNDS} rounds`],
    [options.side !== undefined, 'one side only'],
    [options.cpuProf !== undefined, '--cpu-prof slows the measured processes'],
    [share > FOREIGN, `others took ${Math.round(share * 100)} % of the machine: trust CPU per job, not rates`],
  ];
  return doubts.filter(([holds]) => holds).map(([, doubt]) => doubt);
}

/** For the progress: the first figures, and some of the others. */
function brief(metrics: Metrics): string {
  return Object.entries(metrics)
    .filter(([name], i) => i < 3 || ['nodeUs', 'longestMs', 'foreign'].includes(name))
    .map(([name, value]) => `${name} ${value.toLocaleString('en', { maximumFractionDigits: value < 1000 ? 2 : 0 })}`)
    .join('  ');
}
