import * as history from '../memory/history.js';
import { Row, WorkflowRow, type Changed } from '../memory/rows.js';
import type { State } from '../memory/state.js';
import type { Archive, ArchiveCounts, Retired } from './archive.js';

/** How much of history is kept. */
export class HistoryLimits {
  /** Whether history grows too old without anything happening. */
  readonly ages: boolean;

  constructor(
    readonly count: number,
    readonly age: number | null,
    readonly bytes: number | null,
  ) {
    this.ages = age !== null;
  }
}

const OLDEST_AT_A_TIME = 100;

/** What a trim works on. */
export interface Trimming {
  s: State;
  archive: Archive;
  counts: ArchiveCounts;
  limits: HistoryLimits;
  now: number;
  /** Writes a record that the trim has changed. */
  put: (record: Changed) => void;
  /** What this transaction has moved to disk, and memory has not forgotten yet. */
  archived: ReadonlySet<Changed>;
}

/**
 * Drops what history holds beyond its limits, oldest first: on disk, and those few that stand in memory since someone
 * alive belongs to their family.
 * @returns whether anything was dropped
 */
export function trim(trimming: Trimming): boolean {
  const executions = trimExecutions(trimming);
  return trimWorkflows(trimming) || executions;
}

function trimExecutions({ s, archive, counts, limits, now, put, archived }: Trimming): boolean {
  let inMemory = s.history.size;
  let bytesInMemory = s.historyBytes;
  for (const record of archived) {
    if (!(record instanceof Row)) continue;
    inMemory--;
    bytesInMemory -= history.bytes(record);
  }
  const pinned = pinnedIn(s, archived);
  let row = pinned.next();
  let stored: Retired[] = [];
  for (let dropped = false; ; dropped = true) {
    const tooMany =
      inMemory + counts.count > limits.count || (limits.bytes !== null && bytesInMemory + counts.bytes > limits.bytes);
    if (!tooMany && limits.age === null) return dropped;
    if (stored.length === 0) stored = archive.oldestFirst(OLDEST_AT_A_TIME);
    const onDisk = stored[0];
    if (!row.done && (!onDisk || row.value.rank < onDisk.retired)) {
      if (!tooMany && row.value.completedTime > now - limits.age!) return dropped;
      inMemory--;
      bytesInMemory -= history.bytes(row.value);
      release(s, row.value, put);
      row = pinned.next();
    } else if (onDisk) {
      if (!tooMany && onDisk.completed_time > now - limits.age!) return dropped;
      stored.shift();
      archive.take(onDisk, counts);
      archive.edges.drop(onDisk.number);
    } else return dropped;
  }
}

function* pinnedIn(s: State, archived: ReadonlySet<Changed>): Generator<Row, void> {
  for (const row of s.history) if (!archived.has(row)) yield row;
}

/** Lets go of an execution in memory; those whose edges name it must know how it ended. */
function release(s: State, row: Row, put: (record: Changed) => void): void {
  history.drop(s, row);
  put(row);
  for (const edge of row.extra?.dependents ?? []) {
    if (edge.dependent.place === 'gone') continue;
    s.touch(edge);
    put(edge);
  }
}

/** As many ended workflows are kept as executions. */
function trimWorkflows({ s, archive, counts, limits, put, archived }: Trimming): boolean {
  let tooMany = s.endedWorkflows.size + counts.workflows - limits.count;
  for (const record of archived) if (record instanceof WorkflowRow) tooMany--;
  if (tooMany <= 0) return false;
  const pinned = [...s.endedWorkflows].filter((each) => !archived.has(each)).sort((a, b) => a.ended - b.ended);
  const stored = archive.oldestWorkflowsFirst(tooMany);
  for (; tooMany > 0; tooMany--) {
    const [inMemory, onDisk] = [pinned[0], stored[0]];
    if (inMemory && (!onDisk || inMemory.ended < onDisk.ended)) {
      pinned.shift();
      s.endedWorkflows.delete(inMemory);
      s.workflows.delete(inMemory.workflowId);
      s.touch(inMemory);
      put(inMemory);
    } else if (onDisk) {
      stored.shift();
      archive.dropWorkflow(onDisk.number);
      counts.workflows--;
    }
  }
  return true;
}
