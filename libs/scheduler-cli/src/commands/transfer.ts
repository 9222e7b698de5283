import { readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { REDACTED } from 'nestjs-advanced-scheduler';
import type { ConsoleClient } from '../console-client.js';
import { EXIT, Failure } from '../failure.js';
import { printLine } from '../output.js';
import type { Tools } from '../tools.js';
import type { Schedule } from './schedules.js';

const FORMAT = 'nestjs-scheduler-schedules-1';

interface Transfer {
  format: typeof FORMAT;
  schedules: Partial<Schedule>[];
}

/** export, import: the schedules that were created at run time. Code declares the others. */
export function addTransfer(program: Command, { client, output }: Tools): void {
  program
    .command('export [file]')
    .description('write the schedules that no code declares as JSON, to a file or standard output')
    .action(async (file: string | undefined) => {
      const { payloads } = await client().get<{ payloads: boolean }>('me');
      if (!payloads) throw new Failure('the token may not read payloads: use one with payloads', EXIT.notPermitted);
      const { items } = await client().list<Schedule>('schedules');
      const own = items.filter(({ declaredBy }) => declaredBy === null);
      const schedules = own.map((schedule) => toExport(schedule, output().err));
      const json = `${JSON.stringify({ format: FORMAT, schedules } satisfies Transfer, null, 2)}\n`;
      if (file === undefined) return output().out(json);
      await writeFile(file, json, { mode: 0o600 }).catch(fileFailure);
      output().err(`exported ${schedules.length} schedules to ${file}\n`);
    });

  program
    .command('import <file>')
    .description("create or change the schedules of an export; '-' reads standard input")
    .option('--dry-run', 'only check the file and say what would change', false)
    .action(async (file: string, { dryRun }: { dryRun: boolean }) => {
      const json = await (file === '-' ? text(process.stdin) : readFile(file, 'utf8').catch(fileFailure));
      const schedules = parseTransfer(json);
      const known = new Set((await client().list<Schedule>('schedules')).items.map(({ id }) => id));
      const changed = schedules.filter(({ id }) => known.has(id!)).length;
      const created = schedules.length - changed;
      if (!dryRun) for (const schedule of schedules) await put(client(), schedule);
      const done = `${created} created, ${changed} changed`;
      printLine(output(), dryRun ? `would be: ${done}` : done, { created, changed, dryRun });
    });
}

/** Omits null values, which are the defaults, and payloads with secrets: the console masks them, so they cannot be restored. */
function toExport(schedule: Schedule, warn: (text: string) => void): Partial<Schedule> {
  const { nextRunTime: _next, lastRunTime: _last, lastExecutionId: _id, declaredBy: _by, ...rest } = schedule;
  const { payload, startTime, endTime, ...fields } = rest;
  const bounds = { ...(startTime !== null && { startTime }), ...(endTime !== null && { endTime }) };
  const hidden = JSON.stringify(payload ?? null).includes(REDACTED);
  if (hidden) warn(`${schedule.id}: its payload has secrets and is not exported; import keeps the one that is there\n`);
  return { ...fields, ...bounds, ...(payload === undefined || payload === null || hidden ? {} : { payload }) };
}

function parseTransfer(json: string): Partial<Schedule>[] {
  let value: Partial<Transfer> | null = null;
  try {
    value = JSON.parse(json) as Partial<Transfer>;
  } catch {
    // Refused below.
  }
  const { format, schedules } = value ?? {};
  if (format !== FORMAT || !Array.isArray(schedules) || schedules.some((each) => typeof each?.id !== 'string'))
    throw new Failure(`not an export of schedules (format ${FORMAT})`, EXIT.usage);
  return schedules;
}

async function put(client: ConsoleClient, { id, paused, ...schedule }: Partial<Schedule>): Promise<void> {
  const path = `schedules/${encodeURIComponent(id!)}`;
  try {
    const stored = await client.put<Schedule>(path, schedule);
    if (paused !== undefined && paused !== stored.paused) await client.post(`${path}/${paused ? 'pause' : 'resume'}`);
  } catch (error) {
    if (error instanceof Failure) throw new Failure(`schedule '${id}': ${error.message}`, error.exitCode, error.code);
    throw error;
  }
}

function fileFailure(error: NodeJS.ErrnoException): never {
  throw new Failure(`${error.path}: ${error.code}`, EXIT.failed);
}
