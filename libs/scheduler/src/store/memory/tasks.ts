import { TaskInUseError } from '../../core/errors.js';
import { isTerminal } from '../../core/status.js';
import type { TaskMirror } from '../../core/task-definition.js';
import { finish } from '../../engine/finish.js';
import * as schedule from '../../engine/schedule.js';
import type { TaskRow } from './rows.js';
import type { State } from './state.js';

/** Mirrors definitions; an older version of the same app leaves a newer one's alone. */
export function put(s: State, mirrors: readonly TaskMirror[]): void {
  for (const mirror of mirrors) {
    const task = s.task(mirror.taskId);
    const old = task.mirror;
    if (old && old.appName === mirror.appName && compareVersions(mirror.appVersion, old.appVersion) < 0) continue;
    task.mirror = mirror;
    s.touch(task);
    for (const dependency of mirror.dependencies) {
      const upstream = s.task(dependency.taskId);
      upstream.watched = true;
      s.touch(upstream);
    }
  }
}

export function remove(s: State, taskId: string): boolean {
  const task = s.tasks.get(taskId);
  if (!task?.mirror) return false;
  const dependents = [...s.tasks.values()].filter(
    (other) => other !== task && other.mirror?.dependencies.some((each) => each.taskId === taskId),
  );
  if (dependents.length > 0)
    throw new TaskInUseError(
      taskId,
      dependents.map((each) => each.taskId),
    );
  for (const row of [...s.schedules.values()]) if (row.taskId === taskId) schedule.remove(s, row.id);
  cancelQueued(s, task);
  skipWaiting(s, task);
  task.mirror = null;
  s.touch(task);
  return true;
}

function cancelQueued(s: State, task: TaskRow): void {
  for (const row of s.executions.values()) {
    if (row.task !== task || (row.status !== 'PENDING' && row.status !== 'RETRYING')) continue;
    finish(s, row, 'cancel', 'CANCELLED', { reason: 'TASK_UNREGISTERED' });
  }
}

/** What waits for the task's next execution would wait for ever. */
function skipWaiting(s: State, task: TaskRow): void {
  for (const { dependent } of [...task.next])
    if (!isTerminal(dependent.status)) finish(s, dependent, 'skip', 'SKIPPED', { reason: 'TASK_UNREGISTERED' });
}

/** By numeric parts, so that 1.10 is above 1.9; text without numbers counts as equal. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) =>
    version
      .split(/[^0-9]+/)
      .filter(Boolean)
      .map(Number),
  ) as [number[], number[]];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
