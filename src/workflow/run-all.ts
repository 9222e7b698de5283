import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FOLDER_USAGE, parseFolderArguments, type FolderArguments, type TraceStoreType } from './arguments.js';
import { ratioOf, succeeded, type Summary } from './summary.js';

const EXIT_USAGE = 64;
const script = fileURLToPath(new URL('./run.js', import.meta.url));

function runOne(folder: string, file: string, store: TraceStoreType, scratch: string): Summary {
  const out = join(scratch, `${file}.summary.json`);
  const args = [script, join(folder, file), '--store', store, '--json', out];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (existsSync(out)) return JSON.parse(readFileSync(out, 'utf8')) as Summary;
  throw new Error(`${file}: the run ended with ${String(status)}`);
}

function rowOf(summary: Summary): Record<string, string | number> {
  return {
    workflow: summary.name,
    tasks: summary.tasks,
    edges: summary.edges,
    completed: summary.completed,
    'makespan ms': Math.round(summary.makespanMs),
    'ideal ms': Math.round(summary.idealMs),
    ratio: ratioOf(summary)?.toFixed(3) ?? '-',
    violations: summary.orderViolations,
  };
}

function runAll({ folder, store }: FolderArguments): boolean {
  const scratch = mkdtempSync(join(tmpdir(), 'workflow-'));
  try {
    const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
    const summaries = files.sort().map((file) => runOne(folder, file, store, scratch));
    console.table(summaries.map(rowOf));
    return summaries.every(succeeded);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function main(): number {
  let given: FolderArguments | 'help';
  try {
    given = parseFolderArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${FOLDER_USAGE}`);
    return EXIT_USAGE;
  }
  if (given === 'help') {
    process.stdout.write(FOLDER_USAGE);
    return 0;
  }
  try {
    return runAll(given) ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  }
}

process.exitCode = main();
