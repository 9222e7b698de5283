import { roomAt } from '../../engine/rate-limit.js';
import type { QueueRow, Row, WorkerRow } from './rows.js';

/** Whether some worker could start the execution now, as far as the store knows. */
export function couldStart(workers: Iterable<WorkerRow>, { queue, task }: Row, now: number): boolean {
  if (queue.paused || !roomLeft(queue, now)) return false;
  for (const { hello, draining, leaseUntil, running, tasks } of workers) {
    if (draining || leaseUntil <= now || running.size >= hello.maxConcurrentTasks) continue;
    if (tasks.has(task.taskId) && hello.queues.includes(queue.name)) return true;
  }
  return false;
}

/** Whether the queue's own limits leave room for another start; as `hasRoom`, but changes nothing. */
export function roomLeft({ rules, running, starts }: QueueRow, now: number): boolean {
  if (rules.concurrency !== null && running >= rules.concurrency) return false;
  return rules.rateLimit === null || roomAt(starts, rules.rateLimit.max, rules.rateLimit.per) <= now;
}
