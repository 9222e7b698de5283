import type { TaskStatus } from '../../core/status.js';
import type { EdgeState, NewEdge } from '../../engine/edge-records.js';
import type { EdgeTable } from '../../engine/edge-tables.js';
import type { Changed } from './changed.js';
import { Heap } from './heap.js';
import { Edge, type Row, type TaskRow } from './rows.js';

/** What the table needs of the state. */
interface EdgeOwner {
  readonly now: number;
  nextNumber(): number;
  touch(record: Changed): void;
  task(taskId: string): TaskRow;
}

/** Edges are held by the rows that they tie together; here are the others of their orders. */
export class MapsEdgeTable implements EdgeTable {
  readonly timeouts = new Heap<Edge>();

  constructor(private readonly s: EdgeOwner) {}

  create(row: Row, command: NewEdge, state: EdgeState): Edge {
    const edge = new Edge(this.s.nextNumber(), row, this.s.task(command.taskId), command);
    edge.state = state;
    this.s.touch(edge);
    return edge;
  }

  toPrevious({ id, task }: Row): NewEdge {
    return { taskId: task.taskId, ref: '$previous', type: 'always', reuse: true, to: id };
  }

  prefetch(): void {}

  some(row: Row, first: number, last: number): readonly Edge[] {
    return row.extra!.edges!.slice(first - 1, last);
  }

  dependent({ dependent }: Edge): Row | undefined {
    return dependent.place === 'gone' ? undefined : dependent;
  }

  upstream({ upstream }: Edge): Row | undefined {
    return upstream === null || upstream.place === 'gone' ? undefined : upstream;
  }

  statusOf({ upstream }: Edge): TaskStatus | undefined {
    return upstream?.status;
  }

  /** Its row stays with the edge. */
  keepStatus(): void {}

  setState(edge: Edge, state: EdgeState): void {
    if (edge.state === state) return;
    edge.state = state;
    this.s.touch(edge);
  }

  /** Results are read where they are. */
  forgetResult(): void {}

  link(edge: Edge, _upstreamId: string, upstream: Row): void {
    edge.upstream = upstream;
    this.s.touch(edge);
    this.s.touch(upstream);
    const dependents = (upstream.more().dependents ??= []);
    if (dependents.length > 0 && dependents.at(-1)!.rank > edge.rank) edge.rank = this.s.nextNumber();
    dependents.push(edge);
  }

  addLive(upstream: Row, by: number): void {
    upstream.more().liveDependents += by;
  }

  use(upstream: Row, { task }: Row, request: string | undefined): void {
    if (!upstream.task.watched) return;
    const usedBy = (upstream.more().usedBy ??= new Map());
    if (!usedBy.has(task)) usedBy.set(task, request ?? '');
  }

  userOf(upstream: Row, { task }: Row): string | undefined {
    return upstream.extra?.usedBy?.get(task);
  }

  eachDependent(upstream: Row, from: number, most: number, visit: (edge: Edge) => boolean): number {
    const edges = upstream.extra!.dependents ?? [];
    const end = Math.min(edges.length, from + most);
    let at = from;
    while (at < end && visit(edges[at]!)) at++;
    return at - from;
  }

  eachNotHeld(row: Row, first: number, visit: (edge: Edge) => void): number {
    const some = this.some(row, first, first + NEXT - 1);
    for (const edge of some) if (edge.state !== 'held') visit(edge);
    return some.length;
  }

  awaitNext(edge: Edge): void {
    if (!edge.task.next.has(edge)) edge.task.next.set(edge, this.s.nextNumber());
  }

  stopWaiting(edge: Edge): void {
    edge.task.next.delete(edge);
  }

  isAwaited({ task }: Row): boolean {
    return task.next.size > 0;
  }

  takeWaiting({ task }: Row, before: number, most: number): readonly Edge[] {
    const taken: Edge[] = [];
    for (const [edge, number] of task.next) {
      if (taken.length === most || number >= before) break;
      taken.push(edge);
    }
    for (const edge of taken) task.next.delete(edge);
    return taken;
  }

  startTimeout(edge: Edge, at: number): void {
    this.timeouts.remove(edge);
    edge.at = at;
    this.timeouts.push(edge);
    this.s.touch(edge);
  }

  endTimeout(edge: Edge): void {
    if (edge.heapIndex < 0) return;
    this.timeouts.remove(edge);
    this.s.touch(edge);
  }

  eachDue(limit: number, visit: (edge: Edge) => void): number {
    const { now } = this.s;
    return this.timeouts.eachDue(
      now,
      (edge) => {
        this.s.touch(edge);
        visit(edge);
      },
      limit,
    );
  }
}

/** Edges that are looked at together. */
const NEXT = 50;
