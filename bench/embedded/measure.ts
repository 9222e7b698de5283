import { addInBulk, openScheduler, schedulerOn, type Subject } from '../noop-scheduler.js';
import { bullmq } from './bullmq.js';

/**
 * One measurement in a separate process, printed as JSON. `measure run <store> <path or port> <count>`: executions/s.
 * `measure fill <path> <count>`: adds them, and dies with a SIGKILL. `measure open <path>`: ms until they are there again.
 */
const [what, ...args] = process.argv.slice(2);

function print(figures: object): void {
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

async function subject(store: string, place: string): Promise<Subject> {
  if (store === 'bullmq') return bullmq(Number(place));
  if (store === 'memory') return schedulerOn({ type: 'memory' });
  return schedulerOn({ type: 'embedded', path: place, sync: store === 'always' ? 'always' : 'interval' });
}

if (what === 'run') {
  const [store, place, count] = args as [string, string, string];
  const measured = await subject(store, place);
  await measured.run(Number(count) / 4);
  const begun = process.hrtime.bigint();
  await measured.run(Number(count));
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  await measured.close();
  print({ perSecond: Number(count) / seconds });
} else if (what === 'fill') {
  const [path, count] = args as [string, string];
  const { scheduler } = await openScheduler({ type: 'embedded', path }, false);
  await addInBulk(scheduler, Number(count));
  process.kill(process.pid, 'SIGKILL');
} else {
  const begun = process.hrtime.bigint();
  const { app, scheduler } = await openScheduler({ type: 'embedded', path: args[0]! }, false);
  const ms = Number(process.hrtime.bigint() - begun) / 1e6;
  const waiting = await scheduler.taskQueue.size();
  await app.close();
  print({ ms, waiting });
}
process.exit(0);
