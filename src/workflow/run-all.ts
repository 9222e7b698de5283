import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readStore } from './arguments.js';
import { ratioOf, succeeded, type Summary } from './summary.js';

/**
 * Runs every recorded workflow of a folder in a fresh process, at its default speed, and prints a table. Arguments: the
 * folder, and --store memory|embedded|redis.
 */
const { values, positionals } = parseArgs({ allowPositionals: true, options: { store: { type: 'string' } } });
const store = readStore(values.store ?? 'memory');
const folder = resolve(positionals[0] ?? '../shared/workflows');
const script = fileURLToPath(new URL('./run.js', import.meta.url));

function runOne(file: string, scratch: string): Summary {
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

function runAll(): boolean {
  const scratch = mkdtempSync(join(tmpdir(), 'workflow-'));
  try {
    const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
    const summaries = files.sort().map((file) => runOne(file, scratch));
    console.table(summaries.map(rowOf));
    return summaries.every(succeeded);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

try {
  process.exitCode = runAll() ? 0 : 1;
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
