import { hasRoom } from './queue.js';
import type { ExecutionRecord } from './records.js';
import type { Tables } from './tables.js';

/** Whether some worker could start the execution now, as far as the store knows. */
export function couldStart(t: Tables, execution: ExecutionRecord): boolean {
  const queue = t.queueOf(execution);
  if (queue.paused === true || !hasRoom(t, queue)) return false;
  return t.workers.someAlive(
    (worker) =>
      worker.draining !== true &&
      t.workers.serves(worker, queue) &&
      t.workers.canRun(worker, execution) &&
      (worker.slots === undefined || t.workers.countRuns(worker) < worker.slots),
  );
}
