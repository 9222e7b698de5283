import { describe, expect, it } from '@jest/globals';
import type { ExecutionStore } from '../store/task-store.js';
import { RunReports } from './run-reports.js';

type Report = Parameters<ExecutionStore['report']>[1] & { id: string };

/** A store whose replies the test controls. */
class SlowStore {
  readonly sent: Report[] = [];
  readonly failures: unknown[] = [];
  private readonly open: { resolve: () => void; reject: (error: Error) => void }[] = [];
  readonly reports = new RunReports(this, (_run, error) => void this.failures.push(error));

  report(run: { executionId: string }, report: Parameters<ExecutionStore['report']>[1]): Promise<void> {
    this.sent.push({ id: run.executionId, ...report });
    return new Promise((resolve, reject) => this.open.push({ resolve, reject }));
  }

  get inFlight(): number {
    return this.open.length;
  }

  async answer(error?: Error): Promise<void> {
    const { resolve, reject } = this.open.shift()!;
    if (error) reject(error);
    else resolve();
    await turn();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const run = (executionId: string, leaseToken = 1) => ({ executionId, leaseToken });
const at = (fraction: number) => ({ progress: { fraction, note: null } });

describe('reports of runs', () => {
  it('of one turn are sent together, with the newest progress and all lines in order', async () => {
    const store = new SlowStore();
    for (const i of [1, 2, 3]) {
      store.reports.add(run('a'), at(i / 10));
      store.reports.add(run('a'), { logs: [`line ${i}`] });
    }
    await turn();
    expect(store.sent).toEqual([{ id: 'a', ...at(0.3), logs: ['line 1', 'line 2', 'line 3'] }]);
  });

  it('have one call in flight for each run, and few in total', async () => {
    const store = new SlowStore();
    for (let i = 0; i < 100; i++) store.reports.add(run(`r${i}`), { logs: ['first'] });
    await turn();
    expect(store.inFlight).toBe(8);
    for (let i = 0; i < 100; i++) store.reports.add(run(`r${i}`), { logs: ['second'] });
    await turn();
    expect(store.inFlight).toBe(8);
    while (store.inFlight > 0) await store.answer();
    const lines = new Map<string, string[]>();
    for (const { id, logs = [] } of store.sent) lines.set(id, [...(lines.get(id) ?? []), ...logs]);
    expect([...lines.values()]).toEqual(Array.from({ length: 100 }, () => ['first', 'second']));
  });

  it('keep only as many lines as an execution stores, the newest', async () => {
    const store = new SlowStore();
    for (let i = 1; i <= 5_000; i++) store.reports.add(run('a'), { logs: [`${i}`] });
    await turn();
    expect(store.sent).toHaveLength(1);
    expect(store.sent[0]!.logs).toEqual(Array.from({ length: 100 }, (_, i) => `${4_901 + i}`));
  });

  it('are sent at once when the run ends, before its settlement', async () => {
    const store = new SlowStore();
    store.reports.add(run('a'), { logs: ['under way'] });
    await turn();
    store.reports.add(run('a'), { logs: ['last'] });
    store.reports.end(run('a'));
    expect(store.sent.map(({ logs }) => logs)).toEqual([['under way'], ['last']]);
    store.reports.end(run('a'));
    await turn();
    expect(store.sent).toHaveLength(2);
  });

  it('of another run of the same execution are separate', async () => {
    const store = new SlowStore();
    store.reports.add(run('a', 1), { logs: ['one'] });
    store.reports.add(run('a', 2), { logs: ['two'] });
    store.reports.end(run('a', 1));
    await turn();
    expect(store.sent.map(({ logs }) => logs)).toEqual([['one'], ['two']]);
  });

  it('that fail are logged once each, and stop nothing', async () => {
    const store = new SlowStore();
    store.reports.add(run('a'), at(0.1));
    await turn();
    store.reports.add(run('a'), at(0.2));
    await store.answer(new Error('away'));
    expect(store.failures).toEqual([new Error('away')]);
    expect(store.sent.map(({ progress }) => progress?.fraction)).toEqual([0.1, 0.2]);
    await store.answer();
    expect(store.inFlight).toBe(0);
  });
});
