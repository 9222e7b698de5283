import { TERMINAL_STATUSES, type TerminalStatus } from '../../core/status.js';
import type { HistorySettings } from '../history-settings.js';
import * as history from '../maps/history.js';
import type { Changed } from '../maps/changed.js';
import { Row, WorkflowRow, type Unit } from '../maps/rows.js';
import type { State } from '../maps/state.js';
import type { ArchiveCounts, Retired } from './archive-counts.js';
import type { Archive } from './archive.js';
import { weight } from '../maps/weight.js';

const OLDEST_AT_A_TIME = 100;
/** What is dropped in one transaction, at most; what is over goes with the next ones. */
const DROPS_PER_WRITE = 2_000;

/** What a trim works on. */
export interface Trimming {
  s: State;
  archive: Archive;
  counts: ArchiveCounts;
  limits: HistorySettings;
  now: number;
  /** Writes a record that the trim has changed. */
  put: (record: Changed) => void;
  /** What this transaction has moved to disk, and memory has not forgotten yet. */
  archived: ReadonlySet<Changed>;
}

/**
 * Drops what history holds of each outcome beyond its limits, oldest first: on disk, and those few that stand in memory
 * since someone alive belongs to their family.
 * @returns whether anything was dropped
 */
export function trim(trimming: Trimming): boolean {
  let dropped = false;
  for (const outcome of TERMINAL_STATUSES) dropped = trimOutcome(trimming, outcome) || dropped;
  return dropped;
}

function trimOutcome({ s, archive, counts, limits, now, put, archived }: Trimming, outcome: TerminalStatus): boolean {
  const { count, age, bytes } = limits[outcome];
  const onDisk = counts.units[outcome];
  const inMemory = inMemoryOf(s, outcome, archived);
  let pinned: Iterator<Unit, void> | undefined;
  let next: IteratorResult<Unit, void> | undefined;
  let stored: Retired[] = [];
  for (let drops = 0; ; drops++) {
    const tooMany = inMemory.count + onDisk.count > count || (bytes !== null && inMemory.bytes + onDisk.bytes > bytes);
    if ((!tooMany && age === null) || drops === DROPS_PER_WRITE) return drops > 0;
    const isStale = (completed: number): boolean => tooMany || completed <= now - age!;
    if (stored.length === 0) stored = archive.oldest(outcome, OLDEST_AT_A_TIME);
    pinned ??= pinnedIn(s, outcome, archived);
    next ??= pinned.next();
    const oldest = stored[0];
    if (!next.done && (!oldest || next.value.rank < oldest.rank)) {
      if (!isStale(next.value.completedAt)) return drops > 0;
      inMemory.count--;
      inMemory.bytes -= weight(next.value);
      release(s, next.value, put);
      next = undefined;
    } else if (oldest) {
      if (!isStale(oldest.completed_time)) return drops > 0;
      stored.shift();
      archive.drop(oldest, outcome, counts);
    } else return drops > 0;
  }
}

/** What memory has of an outcome, beside what is on disk from here on. */
function inMemoryOf(s: State, outcome: TerminalStatus, archived: ReadonlySet<Changed>) {
  const { units, bytes } = s.history[outcome];
  const left = { count: units.size, bytes };
  for (const record of archived) {
    if (!(record instanceof Row || record instanceof WorkflowRow) || record.list !== units) continue;
    left.count--;
    left.bytes -= weight(record);
  }
  return left;
}

function* pinnedIn(s: State, outcome: TerminalStatus, archived: ReadonlySet<Changed>): Generator<Unit, void> {
  for (const unit of s.history[outcome].units) if (!archived.has(unit)) yield unit;
}

/** Lets go of what is in memory; those whose edges name it must know how it ended. */
function release(s: State, unit: Unit, put: (record: Changed) => void): void {
  history.drop(s, unit);
  put(unit);
  const rows = unit instanceof WorkflowRow ? unit.nodes.map((node) => node.row) : [unit];
  if (unit instanceof WorkflowRow) for (const row of rows) put(row);
  for (const edge of rows.flatMap((row) => row.extra?.dependents ?? [])) {
    if (edge.dependent.place === 'gone') continue;
    s.touch(edge);
    put(edge);
  }
}
