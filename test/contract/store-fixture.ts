import type { NewExecution } from '../../libs/scheduler/src/core/commands.js';
import type { Effect, ExecutionEffect, ExecutionTransition } from '../../libs/scheduler/src/core/effects.js';
import type { TaskExecution } from '../../libs/scheduler/src/core/execution.js';
import { PROMOTE_PER_STEP, UNATTENDED_MS } from '../../libs/scheduler/src/core/limits.js';
import type { TaskStatus, WaitingForKind } from '../../libs/scheduler/src/core/status.js';
import type { TaskRecord } from '../../libs/scheduler/src/core/task-definition.js';
import type { LockInfo, StoreStats, WorkerRegistration } from '../../libs/scheduler/src/store/records.js';
import type { StepReply, TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import type { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { TASKS, helloOf, taskRecordOf, newExecution, type OpenStore, type StoreOptions } from './fixtures.js';
import { Worker } from './worker.js';

const MANY_STEPS = 10_000;

/** A store, its clock and all it has reported: the fixture of contract tests. */
export class StoreFixture {
  readonly effects: Effect[] = [];

  constructor(
    readonly store: TaskStore,
    readonly clock: ManualClock,
  ) {
    store.subscribe((effects) => void this.effects.push(...effects));
  }

  get now(): number {
    return this.clock.now();
  }

  /** Stores a definition, or changes it. */
  async define(taskId: string, overrides: Partial<TaskRecord> = {}): Promise<void> {
    await this.store.putTasks([taskRecordOf(taskId, overrides)]);
  }

  /** Stores a definition that depends on others, so the store keeps their newest executions. */
  async depend(taskId: string, ...on: string[]): Promise<void> {
    const dependencies = on.map(
      (taskId) => ({ taskId, type: 'success', timeout: null, maxAge: null, reuse: false }) as const,
    );
    await this.define(taskId, { dependencies });
  }

  async add(overrides: Partial<NewExecution> = {}): Promise<string> {
    const [id] = await this.store.enqueue([newExecution(overrides)]);
    return id!;
  }

  async addMany(count: number, overrides: Partial<NewExecution> = {}): Promise<string[]> {
    return this.store.enqueue(Array.from({ length: count }, () => newExecution(overrides)));
  }

  async worker(workerId = 'w1', overrides: Partial<WorkerRegistration> = {}): Promise<Worker> {
    await this.store.register(helloOf(workerId, overrides));
    return new Worker(this.store, workerId);
  }

  /** Advances the time while nodes run and call. */
  async attend(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= UNATTENDED_MS / 2) {
      this.clock.advance(Math.min(left, UNATTENDED_MS / 2));
      await this.store.promote(PROMOTE_PER_STEP);
    }
  }

  async get(executionId: string): Promise<TaskExecution> {
    const execution = await this.store.getExecution(executionId);
    if (!execution) throw new Error(`execution ${executionId} is gone`);
    return execution;
  }

  async status(executionId: string): Promise<TaskStatus> {
    return (await this.get(executionId)).status;
  }

  async statuses(...executionIds: string[]): Promise<TaskStatus[]> {
    return Promise.all(executionIds.map((id) => this.status(id)));
  }

  async waitingFor(executionId: string): Promise<WaitingForKind | null> {
    return (await this.get(executionId)).waitingFor?.kind ?? null;
  }

  async lock(key: string): Promise<LockInfo> {
    const lock = await this.store.getLock(key);
    if (!lock) throw new Error(`no lock ${key}`);
    return lock;
  }

  async stats(): Promise<StoreStats> {
    return this.store.stats();
  }

  /** Runs all due maintenance, except the rescue of runs. */
  async maintain(): Promise<void> {
    await steps(() => this.store.promote(PROMOTE_PER_STEP));
    await steps(() => this.store.prune(PROMOTE_PER_STEP));
  }

  async rescue(): Promise<void> {
    await steps(() => this.store.rescue(PROMOTE_PER_STEP));
    await this.maintain();
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.maintain();
  }

  transitions(executionId: string): ExecutionTransition[] {
    return this.executionEffects(executionId).map((effect) => effect.transition);
  }

  executionEffects(executionId: string): ExecutionEffect[] {
    return this.effects.filter(
      (effect): effect is ExecutionEffect => effect.kind === 'execution' && effect.executionId === executionId,
    );
  }

  effectsOf<K extends Effect['kind']>(kind: K): Extract<Effect, { kind: K }>[] {
    return this.effects.filter((effect): effect is Extract<Effect, { kind: K }> => effect.kind === kind);
  }
}

/** Calls a bounded step until it has nothing left. */
export async function steps(step: () => Promise<StepReply>): Promise<number> {
  for (let calls = 1; calls <= MANY_STEPS; calls++) {
    if (!(await step()).more) return calls;
  }
  throw new Error('a bounded step always says that more is left');
}

/** Makes test bodies: each opens a separate store with `TASKS`, and closes it in any case. */
export function fixtures(open: OpenStore, options?: StoreOptions) {
  return (test: (fixture: StoreFixture) => Promise<void>) => async (): Promise<void> => {
    const { store, clock, close } = await open(options);
    try {
      const fixture = new StoreFixture(store, clock);
      await store.putTasks(TASKS.map((taskId) => taskRecordOf(taskId)));
      fixture.effects.length = 0;
      await test(fixture);
    } finally {
      await close();
    }
  };
}
