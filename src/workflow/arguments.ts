import { resolve } from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';

export const USAGE = `Usage: npm run workflow -- FILE [--store STORE] [--speed N] [--concurrency N] [--json OUT]

Runs a recorded workflow (WfFormat 1.0 to 1.6): each task is one execution that takes its recorded time.

  FILE             the trace, a JSON file
  --store STORE    memory (default), embedded (a temporary file) or redis (the server of REDIS_URL)
  --speed N        divide the recorded times by N, above 0 (default: so that the ideal takes about 10 s)
  --concurrency N  tasks that may run at once, 1 to 10000 (default: 16)
  --json OUT       write the summary to the file OUT as well
`;

export const FOLDER_USAGE = `Usage: npm run workflow:all -- [FOLDER] [--store STORE]

Runs every recorded workflow of a folder in a fresh process, at its default speed, and prints a table.

  FOLDER         with the traces, JSON files (default: ../shared/workflows)
  --store STORE  memory (default), embedded (a temporary file) or redis (the server of REDIS_URL)
`;

export const DEFAULT_CONCURRENCY = 16;

export const TRACE_STORES = ['memory', 'embedded', 'redis'] as const;
export type TraceStoreType = (typeof TRACE_STORES)[number];

export interface WorkflowArguments {
  file: string;
  store: TraceStoreType;
  /** null: chosen so that the ideal takes about 10 s. */
  speed: number | null;
  concurrency: number;
  json: string | null;
}

export interface FolderArguments {
  folder: string;
  store: TraceStoreType;
}

/** The command line is invalid; the message gives the reason. */
export class UsageError extends Error {}

const HELP = { type: 'boolean', short: 'h' } as const;
const OPTIONS = {
  store: { type: 'string' },
  speed: { type: 'string' },
  concurrency: { type: 'string' },
  json: { type: 'string' },
  help: HELP,
} as const;

/** @throws UsageError */
export function parseArguments(argv: readonly string[]): WorkflowArguments | 'help' {
  const { values, positionals } = parse(argv, OPTIONS);
  if (values.help === true) return 'help';
  const [file, ...others] = positionals;
  if (file === undefined) throw new UsageError('FILE is missing');
  if (others.length > 0) throw new UsageError(`expected one FILE, not ${positionals.length}`);
  return {
    file,
    store: values.store === undefined ? 'memory' : readStore(values.store),
    speed: values.speed === undefined ? null : readNumber('speed', values.speed, (n) => n > 0, 'a number above 0'),
    concurrency:
      values.concurrency === undefined
        ? DEFAULT_CONCURRENCY
        : readNumber(
            'concurrency',
            values.concurrency,
            (n) => Number.isSafeInteger(n) && n >= 1 && n <= 10_000,
            'a whole number, 1 to 10000',
          ),
    json: values.json ?? null,
  };
}

/** @throws UsageError */
export function parseFolderArguments(argv: readonly string[]): FolderArguments | 'help' {
  const { values, positionals } = parse(argv, { store: { type: 'string' }, help: HELP });
  if (values.help === true) return 'help';
  const [folder = '../shared/workflows', ...others] = positionals;
  if (others.length > 0) throw new UsageError(`expected one FOLDER, not ${positionals.length}`);
  return { folder: resolve(folder), store: readStore(values.store ?? 'memory') };
}

/** @throws UsageError */
function readStore(text: string): TraceStoreType {
  const store = TRACE_STORES.find((one) => one === text);
  if (store === undefined) throw new UsageError(`--store ${text}: expected ${TRACE_STORES.join(', ')}`);
  return store;
}

function parse<const T extends NonNullable<ParseArgsConfig['options']>>(argv: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, options });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function readNumber(name: string, text: string, allowed: (value: number) => boolean, expected: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!Number.isFinite(value) || !allowed(value)) throw new UsageError(`--${name} ${text}: expected ${expected}`);
  return value;
}
