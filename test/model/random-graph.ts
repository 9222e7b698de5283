import type { NewEdge, NewExecution } from '../../libs/scheduler/src/core/commands.js';
import type { DependencyType } from '../../libs/scheduler/src/core/dependency.js';
import { isTerminal, type TaskStatus } from '../../libs/scheduler/src/core/status.js';
import { edgeTo, HOUR, newExecution, nextId } from '../contract/fixtures.js';
import { edgeHolds } from '../support/edge-holds.js';

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Nodes before one among which a narrow graph chooses its upstreams. */
const NEAR = 15;

/** An edge as the check sees it. */
interface Edge {
  upstream: Node;
  type: DependencyType;
  /** How often the upstream must have ended before the dependent starts, whatever the outcomes: after a reopening. */
  ends: number;
  isWaived: boolean;
}

/** One execution, and what the store has reported about it. */
export interface Node {
  id: string;
  edges: Edge[];
  isSlow: boolean;
  status: TaskStatus;
  ends: number;
  outcomes: Set<TaskStatus>;
  wasReopened: boolean;
}

/** All executions of one seed, their order, and every breach of it. */
export class RandomGraph {
  readonly nodes = new Map<string, Node>();
  readonly breaches: string[] = [];

  constructor(private readonly random: () => number) {}

  pick(below: number): number {
    return Math.floor(this.random() * below);
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  any(): Node {
    return [...this.nodes.values()][this.pick(this.nodes.size)]!;
  }

  /** This number of executions, each with up to four earlier upstreams: near ones, and a few with many dependents. */
  make(count: number, workflowId: string | null): NewExecution[] {
    const before = [...this.nodes.values()];
    const roots = 2 + this.pick(3);
    const hubs = Math.floor(before.length / 2) + roots + this.pick(4);
    const made: NewExecution[] = [];
    // A third of the graphs are narrow, and may be stored compactly on Redis: nothing has a delay or a deadline, each node waits
    // for near ones, and the last one for all. A third are wide: most nodes wait for an instant root and a slow one.
    const shape = workflowId === null ? 2 : this.pick(3);
    const [isNarrow, isWide] = [shape === 0, shape === 1];
    for (let i = 0; i < count; i++) {
      const upstreams = new Set<Node>(isNarrow && i === count - 1 ? before : []);
      if (isWide && i >= roots && this.chance(0.8)) upstreams.add(before[0]!).add(before[1]!);
      const edges = i < roots && workflowId !== null ? 0 : 1 + this.pick(4);
      for (let k = 0; k < edges && before.length > 0; k++) {
        const near = Math.max(0, before.length - NEAR);
        if (isNarrow) upstreams.add(before[near + this.pick(before.length - near)]!);
        else
          upstreams.add(
            before[this.chance(0.6) ? this.pick(Math.min(hubs, before.length)) : this.pick(before.length)]!,
          );
      }
      const id = nextId();
      const chosen = [...upstreams].map((upstream): Edge => ({
        upstream,
        type: this.type(),
        ends: 0,
        isWaived: false,
      }));
      const node: Node = {
        ...{ id, edges: chosen, isSlow: i % 2 === 1 && (i < roots || this.chance(0.05)), status: 'PENDING', ends: 0 },
        ...{ outcomes: new Set<TaskStatus>(), wasReopened: false },
      };
      this.nodes.set(id, node);
      before.push(node);
      made.push(
        newExecution({
          executionId: id,
          delay: !isNarrow && this.chance(0.03) ? 1 + this.pick(1_000) : null,
          edges: chosen.length > 0 ? chosen.map((edge, index) => this.command(edge, index, !isNarrow)) : null,
          workflow: workflowId === null ? null : { workflowId, ref: id },
        }),
      );
    }
    return made;
  }

  /** What the store reports. */
  see(id: string, transition: string, status: TaskStatus): void {
    const node = this.nodes.get(id);
    if (!node) return;
    node.status = status;
    if (transition === 'started') this.check(node);
    if (transition === 'reopened') this.reopen(node);
    if (!isTerminal(status)) return;
    node.ends++;
    node.outcomes.add(status);
  }

  /** A run starts: all its upstreams must have ended, with outcomes that satisfy its edges. */
  private check(node: Node): void {
    for (const { upstream, type, ends } of node.edges) {
      const holds = [...upstream.outcomes].some((status) => edgeHolds(type, status));
      const mayStart = holds || (node.wasReopened && upstream.ends >= ends);
      if (!mayStart)
        this.breaches.push(`${node.id} starts before ${upstream.id} (${type}), which is ${upstream.status}`);
    }
  }

  private reopen(node: Node): void {
    node.wasReopened = true;
    for (const edge of node.edges) {
      // A dropped edge stays dropped, also if the upstream runs again.
      edge.isWaived ||= isTerminal(edge.upstream.status);
      edge.ends = edge.isWaived ? 0 : edge.upstream.ends + 1;
    }
  }

  private type(): DependencyType {
    if (this.chance(0.8)) return 'success';
    return this.chance(0.5) ? 'completion' : this.chance(0.8) ? 'always' : 'failure';
  }

  private command({ upstream, type }: Edge, index: number, mayHaveTimeout: boolean): NewEdge {
    const timeout = mayHaveTimeout && this.chance(0.05) ? 1_000 * HOUR : null;
    return edgeTo(upstream.id, type, { taskId: 'plain', ref: `edge${index}`, timeout });
  }
}
