import { parseArgs } from 'node:util';

/** What `npm run bench` was asked for. */
export interface BenchOptions {
  suite: 'memory' | 'redis' | 'all';
  rounds: number;
  /** A smoke run: small numbers, not to be quoted. */
  quick: boolean;
  json?: string;
  /** Jobs of a measurement, and those before it that are not counted. */
  jobs: number;
  warmUp: number;
  /** Names of scenarios of the suite `redis`; empty: all. */
  only: readonly string[];
  /** Names of scenarios that are left out. */
  except: readonly string[];
  /** Figures of an earlier run, to report instead of measuring. */
  from?: string;
  /** A document between whose markers the figures are written. */
  markdown?: string;
  /** One side alone, to work on it: no ratios. */
  side?: 'ours' | 'bullmq';
  /** Redis appends to its file, fsync every second. */
  aof: boolean;
  /** Where BullMQ's limit of a thousand completed jobs is set: an option of the worker, or of each job. */
  bullMqKeepBy: KeepBy;
  /** Folder for CPU profiles of the measured processes. */
  cpuProf?: string;
}

const SUITES = ['memory', 'redis', 'all'] as const;
const SIDES = ['ours', 'bullmq'] as const;
const KEEP_BY = ['worker', 'job'] as const;
export type KeepBy = (typeof KEEP_BY)[number];

/** @throws Error that names the option, what was found and what is allowed */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      jobs: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      except: { type: 'string', multiple: true, default: [] },
      from: { type: 'string' },
      markdown: { type: 'string' },
      side: { type: 'string' },
      aof: { type: 'boolean', default: false },
      'bullmq-keep-by': { type: 'string', default: 'worker' },
      'cpu-prof': { type: 'string' },
    },
  });
  if (positionals.length > 1) throw new Error(`one suite at a time, not ${positionals.join(' ')}`);
  const suite = oneOf('the suite', positionals[0] ?? 'all', SUITES);
  if (suite === 'all' && values.json !== undefined) throw new Error('--json names one file: choose memory or redis');
  const jobs = whole('--jobs', values.jobs ?? (values.quick ? '2000' : '60000'), 1000);
  return {
    suite,
    rounds: whole('--rounds', values.rounds ?? (values.quick ? '1' : '5'), 1),
    quick: values.quick,
    json: values.json,
    jobs,
    warmUp: Math.max(1000, Math.round(jobs / 3)),
    only: namesIn(values.only),
    except: namesIn(values.except),
    from: values.from,
    markdown: values.markdown,
    side: values.side === undefined ? undefined : oneOf('--side', values.side, SIDES),
    aof: values.aof,
    bullMqKeepBy: oneOf('--bullmq-keep-by', values['bullmq-keep-by'], KEEP_BY),
    cpuProf: values['cpu-prof'],
  };
}

function namesIn(lists: readonly string[]): string[] {
  return lists.flatMap((names) => names.split(',')).filter(Boolean);
}

/** @throws Error unless `text` is a whole number from `min` */
export function whole(name: string, text: string, min: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min) throw new Error(`${name} is ${text}: a whole number from ${min}`);
  return value;
}

/** @throws Error unless `text` is one of those allowed */
export function oneOf<const T extends string>(name: string, text: string, allowed: readonly T[]): T {
  if (!allowed.includes(text as T)) throw new Error(`${name} is ${text}: one of ${allowed.join(', ')}`);
  return text as T;
}
