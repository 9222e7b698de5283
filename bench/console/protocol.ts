import type { StoreOptions } from 'nestjs-advanced-scheduler';

/** Of the app under load, as `auth` has them: one who watches, and people with their dashboards. */
export const VIEWER = { token: 'bench-viewer-0123456789', name: 'viewer', role: 'viewer' } as const;
export const OPERATORS = Array.from({ length: 10 }, (_, i) => ({
  ...{ token: `bench-operator-0123456789-${i}`, name: `operator ${i}`, role: 'operator' as const },
}));
export const TASK = 'bench.work';

/** What the process of the app is asked, by name: one question at a time. */
export interface ServerApi {
  /** Starts it, and listens on loopback. */
  open(store: StoreOptions): { url: string };
  /** @param pace executions a second that its worker comes to */
  schedule(count: number, pace: number): { ids: string[] };
  /** @returns once nothing is queued or runs: seconds since `schedule` */
  settle(): number;
  /** What the process has taken so far, µs. */
  cpuUs(): number;
}

/** What the process of the live clients is asked. */
export interface ClientsApi {
  open(url: string, count: number): { connected: number };
  /** Returns once each has heard of so many that were scheduled, or was told to read anew; after ten seconds at most. */
  catchUp(scheduled: number): void;
  /** Whether each has seen the end of every one of these, or was told to read anew; waits for ten seconds at most. */
  check(ids: readonly string[]): ClientReport[];
  /** What the process has taken so far, µs. */
  cpuUs(): number;
}

export interface ClientReport {
  /** Ends that it has not seen. */
  missing: number;
  /** Reasons of the resyncs that it was told. */
  resyncs: string[];
  /** Whether its connection was lost. */
  lost: boolean;
}
