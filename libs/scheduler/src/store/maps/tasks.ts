import { TaskInUseError } from '../../core/errors.js';
import * as schedule from '../../engine/schedule.js';
import { cancelQueued, dependsOn, skipWaiting } from '../../engine/task.js';
import type { State } from './state.js';

/** Removes a definition, its schedules and what is queued of it. @returns whether there was one. @throws TaskInUseError */
export function remove(s: State, taskId: string): boolean {
  const task = s.tasks.get(taskId);
  if (!task?.mirror) return false;
  const dependents = [...s.tasks.values()].flatMap(({ mirror }) =>
    mirror && mirror.taskId !== taskId && dependsOn(mirror, taskId) ? [mirror.taskId] : [],
  );
  if (dependents.length > 0) throw new TaskInUseError(taskId, dependents);
  for (const row of [...s.schedules.values()]) if (row.taskId === taskId) schedule.remove(s, row.id);
  for (const row of s.executions.values()) if (row.task === task) cancelQueued(s, row);
  for (const { dependent } of [...task.next.keys()]) skipWaiting(s, dependent.id);
  task.mirror = null;
  s.touch(task);
  return true;
}
