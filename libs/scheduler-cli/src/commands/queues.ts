import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import type { ConsoleClient, Page } from '../console-client.js';
import { EXIT, Failure } from '../failure.js';
import { printLine, printRows } from '../output.js';
import type { Tools } from '../tools.js';

interface Queue {
  name: string;
  paused: boolean;
  served: boolean;
  total: number;
  byPriority: Record<string, number>;
}

const POLL_INTERVAL_MS = 1_000;
const MOST_SECONDS = 86_400;

/** queues, pause, resume, drain. */
export function addQueues(program: Command, { client, output }: Tools): void {
  program
    .command('queues')
    .description('the queues, with their ready executions')
    .action(async () => {
      const { items } = await client().get<Page<Queue>>('queues');
      printRows(output(), items, [
        ['QUEUE', (row) => row.name],
        ['READY', (row) => row.total],
        ['PAUSED', (row) => (row.paused ? 'yes' : 'no')],
        ['SERVED', (row) => (row.served ? 'yes' : 'no')],
        ...['CRITICAL', 'HIGH', 'NORMAL', 'LOW', 'BACKGROUND'].map(
          (name) => [name, (row: Queue) => row.byPriority[name]] as const,
        ),
      ]);
    });

  for (const [verb, about] of [
    ['pause', 'stop claims from a queue, on every node'],
    ['resume', 'resume claims from a queue'],
  ] as const)
    program
      .command(`${verb} <queue>`)
      .description(about)
      .action(async (name: string) => {
        const queue = await client().post<Queue>(`queues/${encodeURIComponent(name)}/${verb}`);
        printLine(output(), `${queue.name}: ${queue.paused ? 'paused' : 'not paused'}, ${queue.total} ready`, queue);
      });

  program
    .command('drain <queue>')
    .description('wait until no execution of a queue is ready or running; delayed and waiting ones stay')
    .option('--timeout <seconds>', `1 to ${MOST_SECONDS}`, toSeconds, 600)
    .action(async (name: string, { timeout }: { timeout: number }) => {
      await drain(client(), name, timeout);
      printLine(output(), `${name}: drained`, { queue: name, drained: true });
    });
}

async function drain(client: ConsoleClient, name: string, timeout: number): Promise<void> {
  const until = performance.now() + timeout * 1000;
  for (;;) {
    const { items } = await client.get<Page<Queue>>('queues');
    const queue = items.find((each) => each.name === name);
    if (!queue) throw new Failure(`no queue '${name}'`, EXIT.failed, 'QUEUE_NOT_FOUND');
    // Asked after the count of those that are ready: a claim moves an execution from one to the other.
    const running = await client.list('executions', { queue: name, status: 'RUNNING' }, 1);
    const left = `${queue.total} ready, ${running.items.length > 0 ? 'some' : 'none'} running`;
    if (queue.total === 0 && running.items.length === 0) return;
    if (queue.total > 0 && queue.paused) throw new Failure(`queue '${name}' is paused: ${left}`);
    if (queue.total > 0 && !queue.served) throw new Failure(`no live worker claims from queue '${name}': ${left}`);
    if (performance.now() > until) throw new Failure(`queue '${name}' is not empty after ${timeout} s: ${left}`);
    await wait(POLL_INTERVAL_MS);
  }
}

function toSeconds(text: string): number {
  const value = Number(text);
  if (!(value >= 1 && value <= MOST_SECONDS))
    throw new Failure(`--timeout: ${text}; allowed: 1 to ${MOST_SECONDS} seconds`, EXIT.usage);
  return value;
}
