import { TERMINAL_STATUSES, type TerminalStatus } from '../../core/status.js';
import type { HistoryBounds, HistoryTable } from '../../engine/history-tables.js';
import type { HistorySettings } from '../history-settings.js';
import type { Changed } from './changed.js';
import { LinkedList } from './list.js';
import { WorkflowRow, type Row, type Unit } from './rows.js';

/** The ended executions and workflows of one outcome, oldest first. */
export class Shelf {
  readonly units = new LinkedList<Unit>();
  bytes = 0;
  hasGrown = false;

  constructor(readonly bounds: HistoryBounds) {}

  /** Counts the bytes of what it gains (1) or loses (-1), if they are limited. */
  weigh(unit: Unit, sign: 1 | -1): void {
    if (this.bounds.bytes !== undefined) this.bytes += sign * unit.bytes;
  }
}

/** What the table needs of the state. */
interface HistoryOwner {
  readonly executions: { peek(id: string): Row | undefined; delete(id: string): boolean };
  readonly workflows: Map<string, WorkflowRow>;
  readonly byStatus: Record<string, number>;
  newestRow: Row | null;
  touch(record: Changed): void;
}

/** See HistoryTable in the engine. */
export class MapsHistoryTable implements HistoryTable {
  readonly shelves: Readonly<Record<TerminalStatus, Shelf>>;

  constructor(
    private readonly s: HistoryOwner,
    settings: HistorySettings,
  ) {
    this.shelves = shelvesOf(settings);
  }

  setKept(row: Row): void {
    row.place = 'kept';
  }

  isKept(row: Row): boolean {
    return row.place === 'kept';
  }

  has(row: Row): boolean {
    return row.place === 'history';
  }

  enter(row: Row): void {
    row.place = 'history';
    this.add(row);
  }

  leave(row: Row): void {
    this.remove(row);
    row.place = 'kept';
    this.s.touch(row);
  }

  hasWorkflow(workflow: WorkflowRow): boolean {
    return workflow.list !== null;
  }

  enterWorkflow(workflow: WorkflowRow): void {
    this.add(workflow);
  }

  leaveWorkflow(workflow: WorkflowRow): void {
    this.remove(workflow);
    this.s.touch(workflow);
  }

  takeGrown(outcome: TerminalStatus): boolean {
    const shelf = this.shelves[outcome];
    const { hasGrown } = shelf;
    shelf.hasGrown = false;
    return hasGrown;
  }

  bounds(outcome: TerminalStatus): HistoryBounds {
    return this.shelves[outcome].bounds;
  }

  count(outcome: TerminalStatus): number {
    return this.shelves[outcome].units.size;
  }

  bytes(outcome: TerminalStatus): number {
    return this.shelves[outcome].bytes;
  }

  oldest(outcome: TerminalStatus): Unit | undefined {
    return this.shelves[outcome].units.head ?? undefined;
  }

  isCut(): boolean {
    return false;
  }

  drop(_outcome: TerminalStatus, unit: Unit): number {
    this.forget(unit);
    this.s.touch(unit);
    if (!(unit instanceof WorkflowRow)) {
      this.markGone(unit);
      return 1;
    }
    for (const { row } of unit.nodes) this.markGone(row);
    return Math.max(1, unit.nodes.length);
  }

  /** Takes what is in history out of memory. */
  forget(unit: Unit): void {
    this.remove(unit);
    if (!(unit instanceof WorkflowRow)) return this.forgetRow(unit);
    this.s.workflows.delete(unit.workflowId);
    for (const { row } of unit.nodes) this.forgetRow(row);
  }

  /** Adds one that was stored, where its rank says. */
  restore(unit: Unit): void {
    const shelf = this.shelves[unit.status as TerminalStatus];
    shelf.units.putBack(unit);
    shelf.weigh(unit, 1);
  }

  private add(unit: Unit): void {
    const shelf = this.shelves[unit.status as TerminalStatus];
    shelf.units.pushTail(unit);
    shelf.weigh(unit, 1);
    shelf.hasGrown = true;
    this.s.touch(unit);
  }

  private remove(unit: Unit): void {
    const shelf = this.shelves[unit.status as TerminalStatus];
    shelf.units.remove(unit);
    shelf.weigh(unit, -1);
  }

  private markGone(row: Row): void {
    row.place = 'gone';
    this.s.touch(row);
  }

  private forgetRow(row: Row): void {
    if (this.s.executions.peek(row.id) !== row) return;
    this.s.byStatus[row.status]!--;
    this.s.executions.delete(row.id);
    if (row.newer) row.newer.older = row.older;
    else this.s.newestRow = row.older;
    if (row.older) row.older.newer = row.newer;
    row.newer = row.older = null;
  }
}

/** The executions that go with it. */
export function rowsOf(unit: Unit): Row[] {
  return unit instanceof WorkflowRow ? unit.nodes.map(({ row }) => row) : [unit];
}

export function boundsOf({ count, age, bytes }: HistorySettings[TerminalStatus]): HistoryBounds {
  return { count, age: age ?? undefined, bytes: bytes ?? undefined };
}

function shelvesOf(settings: HistorySettings): Record<TerminalStatus, Shelf> {
  const shelves = TERMINAL_STATUSES.map((outcome) => [outcome, new Shelf(boundsOf(settings[outcome]))]);
  return Object.fromEntries(shelves) as Record<TerminalStatus, Shelf>;
}
