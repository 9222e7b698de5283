import { describe, expect, it } from '@jest/globals';
import { settle, type Settlement } from '../../libs/scheduler/src/core/commands.js';
import { isTerminal, type TaskStatus } from '../../libs/scheduler/src/core/status.js';
import type { Claim } from '../../libs/scheduler/src/store/records.js';
import { BOOM, taskRecordOf, nextId, type OpenStore } from '../contract/fixtures.js';
import { StoreFixture } from '../contract/store-fixture.js';
import type { Worker } from '../contract/worker.js';
import { RandomGraph, randomOf } from './random-graph.js';

/** Seeds in a usual run. GRAPH_SEEDS asks for another number, GRAPH_SEED for one seed. */
const SEEDS = 6;
const HISTORY = 100_000;

/** Runs one seed to its end: a random workflow with executions around it, failures, cancels, retries, slow roots. */
class Play {
  private readonly graph: RandomGraph;
  private readonly running = new Map<string, Claim>();
  private worker!: Worker;

  constructor(
    private readonly fixture: StoreFixture,
    seed: number,
  ) {
    this.graph = new RandomGraph(randomOf(seed));
    fixture.store.subscribe((effects) => {
      for (const each of effects)
        if (each.kind === 'execution') this.graph.see(each.executionId, each.transition, each.status);
    });
  }

  async run(): Promise<void> {
    const { graph, fixture } = this;
    this.worker = await fixture.worker();
    const workflowId = nextId();
    const size = graph.chance(0.8) ? 201 + graph.pick(800) : 5 + graph.pick(196);
    const executions = graph.make(size, workflowId);
    const nodes = executions.map(({ executionId, taskId, edges }) => ({
      ...{ ref: executionId, executionId, taskId },
      dependsOn: (edges ?? []).map(({ bind, type }) => ({ ref: bind === 'newest' ? '' : bind.executionId, type })),
    }));
    let isStored = false;
    const stored = fixture.store
      .startWorkflow({ workflowId, name: 'random', nodes }, executions)
      .finally(() => (isStored = true));
    while (!isStored) await this.trip(0.98, false);
    await stored;
    for (let i = 0; i < 60 && this.isUnderWay(); i++) await this.trip(0.9, true);
    await this.finish(0.9);
    this.expectEnd();
    await this.expectCounts(workflowId);
    await this.retryAll();
    await this.expectCounts(workflowId);
    expect((await fixture.store.getWorkflow(workflowId))?.status).not.toBe('RUNNING');
    expect(graph.breaches).toEqual([]);
  }

  private isUnderWay(): boolean {
    return [...this.graph.nodes.values()].some(({ status }) => !isTerminal(status));
  }

  /** One exchange, and concurrent commands. */
  private async trip(success: number, isWild: boolean, takesSlow = false): Promise<void> {
    const { graph, fixture } = this;
    const ends = [...this.running.values()].filter(
      ({ executionId }) => takesSlow || !graph.nodes.get(executionId)!.isSlow || graph.chance(0.02),
    );
    const batch = ends.slice(0, 1 + graph.pick(300));
    for (const each of batch) this.running.delete(each.executionId);
    const settlements = batch.map((each) => this.settlement(each, success));
    const { claims, settled } = await this.worker.exchange({
      settlements,
      demand: 1 + graph.pick(250),
      pipeline: graph.pick(2),
    });
    // Deferred settlements are part of a later exchange.
    batch.forEach((each, i) => settled[i] === 'deferred' && this.running.set(each.executionId, each));
    for (const claim of claims) this.running.set(claim.executionId, claim);
    if (!isWild) return;
    if (graph.chance(0.3)) await fixture.store.cancel(graph.any().id, 0);
    if (graph.chance(0.4)) await fixture.store.reopen(this.anyEnded());
    if (graph.chance(0.2)) await fixture.store.enqueue(graph.make(1 + graph.pick(20), null));
    if (graph.chance(0.3)) await fixture.store.promote(200);
    if (graph.chance(0.1)) await fixture.advance(100);
  }

  private settlement(claim: Claim, success: number): Settlement {
    const { graph } = this;
    if (graph.chance(success)) return settle.complete(claim, graph.chance(0.5) ? '"done"' : null);
    if (graph.chance(0.5)) return settle.retry(claim, BOOM, graph.pick(2) * 10);
    return graph.chance(0.2) ? settle.release(claim) : settle.fail(claim, BOOM, 'HANDLER_FAILED');
  }

  private anyEnded(): string {
    const ended = [...this.graph.nodes.values()].filter(({ status }) => status === 'FAILED' || status === 'CANCELLED');
    return (ended[this.graph.pick(ended.length)] ?? this.graph.any()).id;
  }

  /** Runs until nothing is left to do. */
  private async finish(success: number): Promise<void> {
    for (let quiet = 0; quiet < 3;) {
      const before = this.fixture.effects.length;
      await this.fixture.advance(1_000);
      await this.trip(success, false, true);
      quiet = this.running.size === 0 && this.fixture.effects.length === before ? quiet + 1 : 0;
      this.fixture.effects.length = 0;
    }
  }

  /** All that has failed or was cancelled runs again, and nothing fails any more. */
  private async retryAll(): Promise<void> {
    const { graph, fixture } = this;
    for (const { id, status } of graph.nodes.values())
      if ((status === 'FAILED' || status === 'CANCELLED') && graph.chance(0.7)) await fixture.store.reopen(id);
    await this.finish(1);
    this.expectEnd();
  }

  private expectEnd(): void {
    const stuck = [...this.graph.nodes.values()].filter(({ status }) => !isTerminal(status));
    expect(stuck.map(({ id, status }) => `${id} is ${status}`)).toEqual([]);
  }

  /** The counters of the store equal a recount. */
  private async expectCounts(workflowId: string): Promise<void> {
    const { fixture, graph } = this;
    const counted: Partial<Record<TaskStatus, number>> = {};
    for (const { status } of graph.nodes.values()) counted[status] = (counted[status] ?? 0) + 1;
    const { byStatus, counters, waitingForDependencies } = await fixture.stats();
    const none = { PENDING: 0, RUNNING: 0, RETRYING: 0, COMPLETED: 0, FAILED: 0, CANCELLED: 0, SKIPPED: 0 };
    expect(byStatus).toEqual({ ...none, ...counted });
    expect(waitingForDependencies).toBe(0);
    expect(counters.scheduled).toBe(graph.nodes.size);
    const info = await fixture.store.getWorkflow(workflowId);
    const known = info!.nodes.map(({ executionId }) => graph.nodes.get(executionId)!.status);
    expect(info!.nodes.map(({ status }) => status)).toEqual(known);
    const [failed, cancelled] = [known.includes('FAILED'), known.includes('CANCELLED')];
    expect(info!.status).toBe(failed ? 'FAILED' : cancelled ? 'CANCELLED' : 'COMPLETED');
  }
}

export function randomGraphs(name: string, open: OpenStore): void {
  const one = process.env['GRAPH_SEED'];
  const count = Number(process.env['GRAPH_SEEDS'] ?? SEEDS);
  const seeds = one === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [Number(one)];

  describe(`random graphs: ${name}`, () => {
    it.each(seeds)(
      'run in order, end, and are counted: seed %i',
      async (seed) => {
        const { store, clock, close } = await open({ history: { count: HISTORY } });
        try {
          await store.putTasks([taskRecordOf('plain')]);
          await new Play(new StoreFixture(store, clock), seed).run();
        } finally {
          await close();
        }
      },
      120_000,
    );
  });
}
