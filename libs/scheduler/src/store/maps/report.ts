import { LOG_LINES_KEPT } from '../../core/limits.js';
import { iso } from '../views.js';
import type { Row } from './rows.js';
import type { State } from './state.js';

/** Progress of a run, and lines of its log. */
export interface Report {
  progress?: { fraction: number; note: string | null };
  logs?: readonly string[];
}

export function report(s: State, row: Row, { progress, logs = [] }: Report, now: number): void {
  s.touch(row);
  const about = { executionId: row.id, taskId: row.task.taskId, time: now };
  if (progress) {
    row.more().progress = { ...progress, time: iso(now) };
    s.effects.push({ kind: 'progress', ...about, ...progress });
  }
  for (const line of logs) {
    const kept = (row.more().logs ??= []);
    kept.push(line);
    if (kept.length > LOG_LINES_KEPT) kept.shift();
    s.effects.push({ kind: 'log', ...about, line });
  }
}
