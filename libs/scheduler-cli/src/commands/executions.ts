import type { Command } from 'commander';
import { EXIT, Failure } from '../failure.js';
import { printFields, printLine, printRows } from '../output.js';
import type { Tools } from '../tools.js';

interface Execution {
  executionId: string;
  taskId: string;
  status: string;
  priority: string;
  queue: string;
  createdTime: string;
  reason: string | null;
  error: { message: string } | null;
  why: string | null;
}

interface Filter {
  status?: string;
  task?: string;
  queue?: string;
  tag?: string;
  workflow?: string;
  from?: string;
  to?: string;
}

const MOST_LISTED = 10_000;
const MOST_CHANGED = 1_000;

/** list, show, why, cancel, retry. */
export function addExecutions(program: Command, { client, output }: Tools): void {
  withFilter(program.command('list').description('executions, newest first'))
    .option('--limit <n>', `1 to ${MOST_LISTED}`, toNumber(MOST_LISTED), 20)
    .action(async ({ limit, ...filter }: Filter & { limit: number }) => {
      const { items, nextCursor } = await client().list<Execution>('executions', queryOf(filter), limit);
      printRows(output(), items, [
        ['ID', (row) => row.executionId],
        ['TASK', (row) => row.taskId],
        ['STATUS', (row) => row.status],
        ['QUEUE', (row) => row.queue],
        ['PRIORITY', (row) => row.priority],
        ['CREATED', (row) => row.createdTime],
        ['REASON', (row) => row.reason],
        ['ERROR', (row) => row.error?.message.slice(0, 80)],
      ]);
      if (nextCursor !== null) output().err(`more than ${items.length}: use --limit or a filter\n`);
    });

  program
    .command('show <id>')
    .description('one execution, with its attempts, logs and the reason of its status')
    .action(async (id: string) => printFields(output(), await client().get<Execution>(pathOf(id))));

  program
    .command('why <id>')
    .description('why an execution has its status, in one sentence')
    .action(async (id: string) => {
      const { executionId, status, why } = await client().get<Execution>(pathOf(id));
      printLine(output(), why ?? status, { executionId, status, why });
    });

  for (const [verb, about] of [
    ['cancel', 'cancel executions: those that wait at once, those that run by their signal'],
    ['retry', 'run FAILED, CANCELLED and SKIPPED executions again'],
  ] as const)
    withFilter(program.command(`${verb} [ids...]`).description(`${about}; by ids, or by a filter`))
      .option('--limit <n>', `with a filter, 1 to ${MOST_CHANGED}`, toNumber(MOST_CHANGED), MOST_CHANGED)
      .action(async (ids: string[], { limit, ...given }: Filter & { limit: number }) => {
        const filter = queryOf(given);
        const isFiltered = Object.values(filter).some((value) => value !== undefined);
        if (isFiltered === ids.length > 0) throw new Failure(`${verb}: either ids or a filter`, EXIT.usage);
        if (isFiltered) {
          const done = await client().post<{ changed: number; more: boolean }>(`executions/${verb}`, {
            filter: { ...filter, ...(given.status && { status: given.status.split(',') }) },
            limit,
          });
          return printLine(output(), `changed ${done.changed}${done.more ? '; more match: run it again' : ''}`, done);
        }
        const failures: Failure[] = [];
        for (const id of ids)
          await client()
            .post(`${pathOf(id)}/${verb}`)
            .catch((error: unknown) => {
              // The others are still changed, unless none can be.
              if (!(error instanceof Failure) || error.exitCode !== EXIT.failed) throw error;
              failures.push(error);
            });
        const changed = ids.length - failures.length;
        printLine(output(), `changed ${changed}`, { changed, matched: ids.length, more: false });
        if (failures.length > 0)
          throw new Failure(failures.map(({ code, message }) => `${code}: ${message}`).join('; '));
      });
}

function withFilter(command: Command): Command {
  return command
    .option('--status <list>', 'PENDING, RUNNING, RETRYING, COMPLETED, FAILED, CANCELLED, SKIPPED; comma-separated')
    .option('--task <id>', 'of this task')
    .option('--queue <name>', 'of this queue')
    .option('--tag <tag>', 'with this tag')
    .option('--workflow <id>', 'of this workflow')
    .option('--from <time>', 'created at or after, ISO 8601')
    .option('--to <time>', 'created before, ISO 8601');
}

function queryOf({ status, task, queue, tag, workflow, from, to }: Filter) {
  return { status, taskId: task, queue, tag, workflowId: workflow, from, to };
}

function pathOf(id: string): string {
  return `executions/${encodeURIComponent(id)}`;
}

function toNumber(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > most)
      throw new Failure(`--limit: ${text}; allowed: 1 to ${most}`, EXIT.usage);
    return value;
  };
}
