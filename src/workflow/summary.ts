import { criticalPathSeconds, idealSeconds, workSeconds } from './ideal.js';
import type { Ledger } from './ledger.js';
import { countEdges, type Trace } from './trace.js';

/** Settings of a run. */
export interface Pace {
  /** Recorded times are divided by this. */
  speed: number;
  /** Maximum tasks at a time. */
  concurrency: number;
}

/** Result of a run, and its reference values. All times in ms at the chosen speed. */
export interface Summary extends Pace {
  name: string;
  tasks: number;
  edges: number;
  /** Executions that the scheduler reports as COMPLETED. */
  completed: number;
  /** From the start of the call until its last execution was known to have ended. */
  makespanMs: number;
  criticalPathMs: number;
  workMs: number;
  /** A greedy list scheduler without overhead at this concurrency. */
  idealMs: number;
  /** Edges whose child started before its parent ended, by the handlers' ledger. */
  orderViolations: number;
  /** The maximum number of handlers that ran at one instant, by the same ledger. */
  peakConcurrency: number;
}

/** Default duration of the ideal. */
export const DEFAULT_IDEAL_MS = 10_000;

/** The speed, to three digits, at which the ideal takes about `idealMs`; 1 for a trace without duration. */
export function speedFor(trace: Trace, concurrency: number, idealMs = DEFAULT_IDEAL_MS): number {
  const recordedMs = idealSeconds(trace.tasks, concurrency) * 1000;
  return recordedMs === 0 ? 1 : Number((recordedMs / idealMs).toPrecision(3));
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000;
const milliseconds = (seconds: number, speed: number): number => round((seconds * 1000) / speed);

export function summarize(
  trace: Trace,
  pace: Pace,
  ledger: Ledger,
  run: { completed: number; makespanMs: number },
): Summary {
  const { tasks } = trace;
  return {
    name: trace.name,
    ...pace,
    tasks: tasks.length,
    edges: countEdges(tasks),
    completed: run.completed,
    makespanMs: round(run.makespanMs),
    criticalPathMs: milliseconds(criticalPathSeconds(tasks), pace.speed),
    workMs: milliseconds(workSeconds(tasks), pace.speed),
    idealMs: milliseconds(idealSeconds(tasks, pace.concurrency), pace.speed),
    orderViolations: ledger.countOrderViolations(tasks),
    peakConcurrency: ledger.peakConcurrency,
  };
}

/** Whether every task completed and no edge was violated. */
export function succeeded(summary: Summary): boolean {
  return summary.completed === summary.tasks && summary.orderViolations === 0;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

/** The makespan divided by the ideal; null if the ideal is 0. */
export function ratioOf(summary: Summary): number | null {
  return summary.idealMs === 0 ? null : summary.makespanMs / summary.idealMs;
}

/** The summary as text, one value a line. */
export function formatSummary(summary: Summary): string {
  const ratio = ratioOf(summary);
  const rows: [string, string][] = [
    ['tasks', `${summary.completed} of ${summary.tasks} completed, ${summary.edges} edges`],
    ['makespan', `${seconds(summary.makespanMs)}${ratio === null ? '' : `, ${ratio.toFixed(3)} x the ideal`}`],
    ['ideal', `${seconds(summary.idealMs)} (greedy list scheduler without overhead, ${summary.concurrency} at once)`],
    ['critical path', seconds(summary.criticalPathMs)],
    ['work', seconds(summary.workMs)],
    ['peak', `${summary.peakConcurrency} at once`],
    ['order', `${summary.orderViolations} violations`],
  ];
  return rows.map(([label, text]) => `  ${label.padEnd(14)}${text}`).join('\n');
}
