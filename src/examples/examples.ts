import { cron } from './cron.js';
import { dependencies } from './dependencies.js';
import { health } from './health.js';
import { locking } from './locking.js';
import { priorityQueue } from './priority-queue.js';
import { retry } from './retry.js';
import { simpleTask } from './simple-task.js';
import { status } from './status.js';
import { timeout } from './timeout.js';
import { workflow } from './workflow.js';
import type { Say } from './with-scheduler.js';

/** The examples by name. */
export const EXAMPLES: Readonly<Record<string, { title: string; run: (say: Say) => Promise<unknown> }>> = {
  'simple-task': { title: 'A simple task with a priority', run: simpleTask },
  retry: { title: 'Retry configuration', run: retry },
  dependencies: { title: 'Task dependencies (DAG)', run: dependencies },
  locking: { title: 'Distributed locking', run: locking },
  cron: { title: 'Cron scheduling', run: cron },
  'priority-queue': { title: 'Multi-priority queue', run: priorityQueue },
  timeout: { title: 'Task timeout', run: timeout },
  health: { title: 'Health monitoring', run: health },
  workflow: { title: 'A complex workflow', run: workflow },
  status: { title: 'Task status tracking', run: status },
};

// As in sysexits.h.
const EXIT_USAGE = 64;

/**
 * Runs the example named on the command line; without a name, lists them.
 * @returns the exit code
 */
export async function runExample(argv: readonly string[], say: Say, complain: Say): Promise<number> {
  const [name, ...others] = argv;
  if (name === undefined) {
    list(say);
    return 0;
  }
  const example = Object.hasOwn(EXAMPLES, name) ? EXAMPLES[name] : undefined;
  if (!example || others.length > 0) {
    complain(example ? 'One example at a time.' : `There is no example '${name}'.`);
    list(complain);
    return EXIT_USAGE;
  }
  say(`${example.title}  (src/examples/${name}.ts)\n`);
  await example.run(say);
  return 0;
}

function list(say: Say): void {
  say('npm run example -- NAME runs one of:');
  for (const [name, { title }] of Object.entries(EXAMPLES)) say(`  ${name.padEnd(16)}${title}`);
}
