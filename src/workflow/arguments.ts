import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run workflow -- FILE [--speed N] [--concurrency N] [--json OUT]

Runs a recorded workflow (WfFormat 1.5): each task is one execution that takes its recorded time.

  FILE             the trace, a JSON file
  --speed N        divide the recorded times by N, above 0 (default: so that the ideal takes about 10 s)
  --concurrency N  tasks that may run at once, 1 to 10000 (default: 16)
  --json OUT       write the summary to the file OUT as well
`;

export const DEFAULT_CONCURRENCY = 16;

export interface WorkflowArguments {
  file: string;
  /** null: chosen so that the ideal takes about 10 s. */
  speed: number | null;
  concurrency: number;
  json: string | null;
}

/** The command line is wrong; the message says how. */
export class UsageError extends Error {}

/** @throws UsageError */
export function parseArguments(argv: readonly string[]): WorkflowArguments | 'help' {
  const { values, positionals } = parse(argv);
  if (values.help === true) return 'help';
  const [file, ...others] = positionals;
  if (file === undefined) throw new UsageError('FILE is missing');
  if (others.length > 0) throw new UsageError(`one FILE is expected, not ${positionals.length}`);
  return {
    file,
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

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        speed: { type: 'string' },
        concurrency: { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function readNumber(name: string, text: string, allowed: (value: number) => boolean, expected: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!Number.isFinite(value) || !allowed(value)) throw new UsageError(`--${name} ${text}: expected ${expected}`);
  return value;
}
