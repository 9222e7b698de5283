import * as queue from './queue.js';
import type { Row } from './rows.js';
import type { State } from './state.js';

/** Whether some worker could start the execution now, as far as the store knows. */
export function couldStart(s: State, { queue: q, task }: Row): boolean {
  if (q.paused || !queue.roomLeft(q, s.now)) return false;
  for (const { hello, draining, leaseUntil, running, tasks } of s.workers.values()) {
    if (draining || leaseUntil <= s.now || running.size >= hello.maxConcurrentTasks) continue;
    if (tasks.has(task.taskId) && hello.queues.includes(q.name)) return true;
  }
  return false;
}
