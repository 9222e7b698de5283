import type { State } from '../maps/state.js';
import type { StoreStats } from '../records.js';
import type { Encoded } from './codec.js';

/** Sums that cannot be computed from records. */
interface Sums {
  /** When they were written, ms; absent in files of older releases. */
  time?: number;
  /** ms by which the clock has stepped; a release before this one left it out. */
  stepped?: number;
  sequence: number;
  fencing: number;
  counters: State['counters'];
}

/** A part of the totals, and a mark that differs after a change. */
interface Part extends Encoded {
  mark: unknown;
}

/** Counters, minute statistics and recent errors: written if they differ from those on disk. */
export class Totals {
  private readonly marks = new Map<string, unknown>();

  constructor(private readonly s: State) {}

  restore(kind: string, body: unknown): void {
    const { s } = this;
    if (kind === 'totals') {
      const { time = 0, stepped = 0, sequence, fencing, counters } = body as Sums;
      Object.assign(s, { now: time, stepped, sequence, fencing });
      Object.assign(s.counters, counters);
    } else if (kind === 'window') s.window.push(...(body as StoreStats['window']));
    else s.recentErrors.push(...(body as StoreStats['recentErrors']));
    this.written(this.parts());
  }

  pending(): Part[] {
    return this.parts().filter(({ kind, mark }) => this.marks.get(kind) !== mark);
  }

  /** @param written the committed result of `pending` */
  written(written: readonly Part[]): void {
    for (const { kind, mark } of written) this.marks.set(kind, mark);
  }

  private parts(): Part[] {
    const { now: time, stepped, sequence, fencing, counters, window, recentErrors } = this.s;
    const sums: Sums = { stepped, sequence, fencing, counters };
    const last = window.at(-1);
    return [
      { kind: 'totals', key: '', body: { ...sums, time }, mark: JSON.stringify(sums) },
      { kind: 'window', key: '', body: window, mark: last && Object.values(last).join() },
      { kind: 'errors', key: '', body: recentErrors, mark: recentErrors.at(-1) },
    ];
  }
}
