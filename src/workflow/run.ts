import 'reflect-metadata';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseArguments, USAGE, UsageError, type WorkflowArguments } from './arguments.js';
import { createProgress } from './progress.js';
import { runTrace } from './run-trace.js';
import { traceStore } from './trace-store.js';
import { formatSummary, speedFor, succeeded, type Summary } from './summary.js';
import { parseWfFormat } from './wf-format.js';

// As in sysexits.h.
const EXIT_FAILED = 1;
const EXIT_USAGE = 64;
const EXIT_NO_INPUT = 66;

const MAX_FILE_BYTES = 256 * 1024 * 1024;

async function main(argv: readonly string[]): Promise<number> {
  let options: WorkflowArguments | 'help';
  try {
    options = parseArguments(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  if (options === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  let text: string;
  try {
    const { size } = await stat(options.file);
    if (size > MAX_FILE_BYTES) throw new Error(`it has ${size} bytes; allowed: at most ${MAX_FILE_BYTES}`);
    text = await readFile(options.file, 'utf8');
  } catch (error) {
    process.stderr.write(`cannot read ${options.file}: ${(error as Error).message}\n`);
    return EXIT_NO_INPUT;
  }
  return run(text, options);
}

async function run(text: string, options: WorkflowArguments): Promise<number> {
  const { file, store, speed: givenSpeed, concurrency, json } = options;
  const trace = parseWfFormat(text, basename(file));
  const speed = givenSpeed ?? speedFor(trace, concurrency);
  const chosen = givenSpeed === null ? ' (chosen so that the ideal takes about 10 s; --speed sets it)' : '';
  process.stdout.write(
    `${trace.name}: ${trace.tasks.length} tasks on ${store}, ${concurrency} at once, ${speed} x the recorded speed${chosen}\n`,
  );

  const progress = createProgress(trace.tasks.length, process.stdout);
  const onProgress = (ended: number): void => progress.update(ended);
  const summary = await runTrace(trace, { speed, concurrency }, onProgress, traceStore(store)).finally(() =>
    progress.stop(),
  );
  process.stdout.write(`${formatSummary(summary)}\n`);
  const written = json === null || (await writeSummary(json, summary));
  return written && succeeded(summary) ? 0 : EXIT_FAILED;
}

async function writeSummary(file: string, summary: Summary): Promise<boolean> {
  try {
    await writeFile(file, `${JSON.stringify(summary, null, 2)}\n`);
    return true;
  } catch (error) {
    process.stderr.write(`cannot write ${file}: ${(error as Error).message}\n`);
    return false;
  }
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return EXIT_FAILED;
});
