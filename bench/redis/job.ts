import { upstreamsOf, type GraphSpec, type Range } from './graph.js';

/** About 100 bytes as JSON, the same for both sides. */
export const PAYLOAD = { data: 'x'.repeat(80) };

/** What a job carries beyond PAYLOAD, where the scenario needs it. */
export interface JobData {
  data: string;
  /** Its priority: 0 (first) and up. */
  level?: number;
  /** Attempts that fail before one succeeds. */
  failures?: number;
  /** The lock that it needs. */
  lock?: number;
  /** How long its handler takes, in ms. */
  ms?: number;
  /** When it is due, in ms of the wall clock. */
  due?: number;
  /** The schedule that creates it. */
  schedule?: number;
  /** The graph that it belongs to, its number there, and the nodes that run before it. */
  graph?: number;
  node?: number;
  after?: Range;
}

/** What the jobs of a load are: all alike, but for levels, locks and due times, which they take in turn. */
export interface JobSpec {
  levels?: number;
  failures?: number;
  locks?: number;
  ms?: number;
  /** They are due evenly within one second from this instant on, in ms of the wall clock. */
  dueFrom?: number;
}

/** What a load consists of: jobs, or whole graphs. */
export interface Work {
  job?: JobSpec;
  graph?: GraphSpec;
}

/** The job `i` of `count`. */
export function jobOf({ levels, failures, locks, ms, dueFrom }: JobSpec, i: number, count: number): JobData {
  const job: JobData = { ...PAYLOAD };
  if (levels !== undefined) job.level = i % levels;
  if (failures !== undefined) job.failures = failures;
  if (locks !== undefined) job.lock = i % locks;
  if (ms !== undefined) job.ms = ms;
  if (dueFrom !== undefined) job.due = dueFrom + Math.floor((i * 1000) / count);
  return job;
}

/** The nodes of one graph. @param graph its number */
export function nodesOf(spec: GraphSpec, graph: number): JobData[] {
  return Array.from({ length: spec.nodes }, (_, node) => {
    const after = upstreamsOf(spec, node);
    return { ...PAYLOAD, graph, node, ...(after && { after }) };
  });
}
