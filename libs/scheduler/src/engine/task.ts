/** Definitions of tasks, and what ends with them. */
import { finish } from './finish.js';
import type { DefinitionRecord, ExecutionRecord } from './records.js';
import type { Tables } from './tables.js';

/** Puts a definition. An older version of its app leaves that of a newer one as it is. */
export function put(t: Tables, definition: DefinitionRecord): void {
  const old = t.definitions.get(definition.taskId);
  if (old !== undefined && old.appName === definition.appName && isOlder(t, definition, old)) return;
  t.definitions.put(definition);
  for (const dependency of definition.dependencies) t.definitions.watch(dependency.taskId);
}

/** Whether the definition names that task: then the task cannot be removed. */
export function dependsOn(definition: DefinitionRecord, taskId: string): boolean {
  for (const dependency of definition.dependencies) if (dependency.taskId === taskId) return true;
  return false;
}

/** Ends an execution of a removed task. One that runs does not run again. @returns whether it did */
export function cancelQueued(t: Tables, execution: ExecutionRecord): boolean {
  if (execution.status === 'RUNNING') {
    execution.isUnregistered = true;
    t.touchExecution(execution);
  }
  if (execution.status !== 'PENDING' && execution.status !== 'RETRYING') return false;
  finish(t, execution, 'cancel', 'CANCELLED', { reason: 'TASK_UNREGISTERED' });
  return true;
}

/** Ends an execution that waits for the next one of a removed task: it would wait forever. */
export function skipWaiting(t: Tables, executionId: string): void {
  const execution = t.unfinished(executionId);
  if (execution !== undefined) finish(t, execution, 'skip', 'SKIPPED', { reason: 'TASK_UNREGISTERED' });
}

/** By numeric parts, so that 1.9 is older than 1.10; text without numbers counts as equal. */
function isOlder(t: Tables, definition: DefinitionRecord, other: DefinitionRecord): boolean {
  const left = t.definitions.versionNumbers(definition.appVersion);
  const right = t.definitions.versionNumbers(other.appVersion);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
