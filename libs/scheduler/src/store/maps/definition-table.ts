import type { TaskRecord } from '../../core/task-definition.js';
import type { DefinitionTable } from '../../engine/tables.js';
import type { Changed } from './changed.js';
import type { Row, TaskRow } from './rows.js';

/** What the table needs of the state. */
interface DefinitionState {
  readonly tasks: ReadonlyMap<string, TaskRow>;
  task(taskId: string): TaskRow;
  touch(record: Changed): void;
}

export class MapsDefinitionTable implements DefinitionTable {
  constructor(private readonly s: DefinitionState) {}

  get(taskId: string): TaskRecord | undefined {
    return this.s.tasks.get(taskId)?.mirror ?? undefined;
  }

  isDefined({ task }: Row): boolean {
    return task.mirror !== null;
  }

  put(mirror: TaskRecord): void {
    const task = this.s.task(mirror.taskId);
    task.mirror = mirror;
    this.s.touch(task);
  }

  watch(taskId: string): void {
    const task = this.s.task(taskId);
    task.watched = true;
    this.s.touch(task);
  }

  versionNumbers(version: string): number[] {
    return (version.match(/[0-9]+/g) ?? []).map(Number);
  }
}
