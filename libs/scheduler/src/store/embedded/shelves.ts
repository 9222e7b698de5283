import type { TerminalStatus } from '../../core/status.js';
import type { HistoryBounds, HistoryUnit, Shelves } from '../../engine/history-tables.js';
import type { Changed } from '../maps/changed.js';
import { boundsOf, rowsOf } from '../maps/history-table.js';
import { Row, WorkflowRow, type Unit } from '../maps/rows.js';
import type { State } from '../maps/state.js';
import type { HistorySettings } from '../history-settings.js';
import type { ArchiveCounts, Retired } from './archive-counts.js';
import type { Archive } from './archive.js';

const OLDEST_AT_A_TIME = 100;

/** What a write has of history. */
export interface WrittenHistory {
  s: State;
  archive: Archive;
  counts: ArchiveCounts;
  limits: HistorySettings;
  /** Writes a record that a drop has changed. */
  put: (record: Changed) => void;
  /** What this transaction has moved to disk, and memory has not forgotten yet. */
  archived: ReadonlySet<Changed>;
}

/** One outcome: on disk, and those few that are in memory since a live one belongs to their family. */
class Shelf {
  /** In memory. */
  private count: number;
  private bytes: number;
  private readonly pinned: Iterator<Unit, void>;
  private nextPinned: Unit | undefined;
  private stored: Retired[] = [];

  constructor(
    private readonly written: WrittenHistory,
    private readonly outcome: TerminalStatus,
  ) {
    const { units, bytes } = written.s.history.shelves[outcome];
    this.count = units.size;
    this.bytes = bytes;
    for (const record of written.archived) {
      if (!(record instanceof Row || record instanceof WorkflowRow) || record.list !== units) continue;
      this.count--;
      this.bytes -= record.bytes;
    }
    this.pinned = units[Symbol.iterator]();
    this.toNextPinned();
  }

  get total(): { count: number; bytes: number } {
    const { count, bytes } = this.written.counts.units[this.outcome];
    return { count: this.count + count, bytes: this.bytes + bytes };
  }

  oldest(): Unit | Retired | undefined {
    if (this.stored.length === 0) this.stored = this.written.archive.oldest(this.outcome, OLDEST_AT_A_TIME);
    const [stored] = this.stored;
    const { nextPinned } = this;
    return nextPinned && (!stored || nextPinned.rank < stored.rank) ? nextPinned : stored;
  }

  drop(unit: Unit | Retired): number {
    const { archive, counts } = this.written;
    if (unit instanceof Row || unit instanceof WorkflowRow) return this.dropPinned(unit);
    this.stored.shift();
    return archive.drop(unit, this.outcome, counts);
  }

  /** Those whose edges name what is dropped must know how it ended. */
  private dropPinned(unit: Unit): number {
    const { s, put } = this.written;
    this.count--;
    this.bytes -= unit.bytes;
    this.toNextPinned();
    const done = s.history.drop(this.outcome, unit);
    const rows = rowsOf(unit);
    for (const record of new Set<Changed>([unit, ...rows])) put(record);
    for (const edge of rows.flatMap((row) => row.extra?.dependents ?? [])) {
      if (edge.dependent.place === 'gone') continue;
      s.touch(edge);
      put(edge);
    }
    return done;
  }

  private toNextPinned(): void {
    do this.nextPinned = this.pinned.next().value ?? undefined;
    while (this.nextPinned && this.written.archived.has(this.nextPinned));
  }
}

/** History as a write finds it, see Shelves in the engine. */
export class StoredShelves implements Shelves {
  private readonly shelves = new Map<TerminalStatus, Shelf>();

  constructor(private readonly written: WrittenHistory) {}

  bounds(outcome: TerminalStatus): HistoryBounds {
    return boundsOf(this.written.limits[outcome]);
  }

  count(outcome: TerminalStatus): number {
    return this.shelf(outcome).total.count;
  }

  bytes(outcome: TerminalStatus): number {
    return this.shelf(outcome).total.bytes;
  }

  oldest(outcome: TerminalStatus): HistoryUnit | undefined {
    return this.shelf(outcome).oldest();
  }

  isCut(): boolean {
    return false;
  }

  drop(outcome: TerminalStatus, unit: Unit | Retired): number {
    return this.shelf(outcome).drop(unit);
  }

  private shelf(outcome: TerminalStatus): Shelf {
    let shelf = this.shelves.get(outcome);
    if (!shelf) this.shelves.set(outcome, (shelf = new Shelf(this.written, outcome)));
    return shelf;
  }
}
