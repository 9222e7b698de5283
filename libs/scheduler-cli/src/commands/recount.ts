import type { Command } from 'commander';
import type { ConsoleClient } from '../console-client.js';
import { EXIT, Failure } from '../failure.js';
import { printRows } from '../output.js';
import type { Tools } from '../tools.js';

/** What the command reads of the health of a scheduler. */
interface Health {
  storeReachable: boolean;
  runningTasks: number;
  queueStats: { totalWaiting: number };
  metrics: Record<string, number>;
}

/** A counter of the store, and the number of executions that it should be. */
export interface Figure {
  figure: string;
  counter: number;
  recount: number;
}

/** How often the executions are counted in the hope that nothing changes meanwhile. */
const TRIES = 3;

/** recount: compares the counters of the store with a recount of its executions. */
export function addRecount(program: Command, { client, output }: Tools): void {
  program
    .command('recount')
    .description('compare the counters of waiting and running executions with a recount; fails if they differ')
    .action(async () => {
      const figures = await compare(client());
      if (figures === null)
        throw new Failure('executions begin and end while they are counted: pause the queues, and try again');
      printRows(output(), figures, [
        ['FIGURE', (row) => row.figure],
        ['COUNTER', (row) => row.counter],
        ['RECOUNT', (row) => row.recount],
      ]);
      refuseDifferences(figures);
    });
}

/** @throws Failure if counters differ from the recount */
export function refuseDifferences(figures: readonly Figure[]): void {
  const wrong = figures.filter(({ counter, recount }) => counter !== recount);
  if (wrong.length > 0) throw new Failure(`differs: ${wrong.map(({ figure }) => figure).join(', ')}`);
}

/** @returns null if the figures change each time while the executions are counted */
export async function compare(client: ConsoleClient): Promise<Figure[] | null> {
  for (let tries = 0; tries < TRIES; tries++) {
    const before = await healthOf(client);
    const count = async (status: string): Promise<number> => (await client.list('executions', { status })).items.length;
    const [pending, retrying, running] = [await count('PENDING'), await count('RETRYING'), await count('RUNNING')];
    const after = await healthOf(client);
    if (JSON.stringify(before.metrics) !== JSON.stringify(after.metrics)) continue;
    return [
      { figure: 'waiting', counter: after.queueStats.totalWaiting, recount: pending + retrying },
      { figure: 'running', counter: after.runningTasks, recount: running },
    ];
  }
  return null;
}

async function healthOf(client: ConsoleClient): Promise<Health> {
  const health = await client.get<Health>('health/status');
  if (!health.storeReachable) throw new Failure('the store does not respond', EXIT.unavailable, 'STORE_UNAVAILABLE');
  return health;
}
