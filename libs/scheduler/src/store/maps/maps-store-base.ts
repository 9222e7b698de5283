import type { Clock } from '../../core/clock.js';
import type { Effect, ExecutionTransition, Signal } from '../../core/effects.js';
import { SchedulerClosedError } from '../../core/errors.js';
import { EDGES_PER_STEP } from '../../core/limits.js';
import { propagate } from '../../engine/dependency.js';
import type { EdgeBudget } from '../../engine/edge-records.js';
import { trimGrown } from '../../engine/history.js';
import { historySettings, type GivenHistory } from '../history-settings.js';
import type { ResultsPage } from '../records.js';
import { results } from './claim.js';
import { followStep } from './clock-step.js';
import type { Changed } from './changed.js';
import type { QueueRow } from './rows.js';
import { State } from './state.js';
import type { Executions, MapsSettings } from './state-data.js';
import { StepWatch } from './step-watch.js';

export interface MapsStoreOptions extends Partial<Omit<MapsSettings, 'history'>> {
  clock: Clock;
  history?: GivenHistory;
}

const STEP_BUDGET: EdgeBudget = { toDecide: EDGES_PER_STEP, toMove: EDGES_PER_STEP, bytes: 1 };

type TransitionFilter = (transition: ExecutionTransition) => boolean;

/** Runs each verb as one synchronous transition on the state, then emits its effects. */
export abstract class MapsStoreBase {
  protected readonly state: State;
  private readonly clock: Clock;
  private readonly steps: StepWatch;
  private readonly listeners = new Map<(effects: readonly Effect[]) => void, TransitionFilter>();
  protected isClosed = false;

  /**
   * @param executions the map of executions by id; a store that keeps some of them elsewhere passes its own
   * @param changed collects the records that transitions change; null: not collected
   */
  constructor(
    { clock, lease = 15_000, maxAttemptDuration = 3_600_000, history }: MapsStoreOptions,
    executions?: Executions,
    changed: Set<Changed> | null = null,
  ) {
    this.clock = clock;
    this.steps = new StepWatch(clock);
    const isSubscribed: TransitionFilter = (transition) => {
      for (const wants of this.listeners.values()) if (wants(transition)) return true;
      return false;
    };
    const settings = { lease, maxAttemptDuration, history: historySettings(history) };
    this.state = new State(isSubscribed, settings, executions, changed);
  }

  subscribe(listener: (effects: readonly Effect[]) => void, wants: TransitionFilter = () => true): () => void {
    this.listeners.set(listener, wants);
    return () => void this.listeners.delete(listener);
  }

  /** Claims carry all results, since nothing is copied. */
  getResults(executionId: string): Promise<ResultsPage> {
    return this.read((s) => {
      const row = s.executions.get(executionId);
      return { results: (row && results(s, row)) ?? {}, next: null };
    });
  }

  close(): Promise<void> {
    this.isClosed = true;
    this.listeners.clear();
    return Promise.resolve();
  }

  protected async read<T>(query: (s: State, now: number) => T): Promise<T> {
    this.refuseClosed();
    return query(this.state, this.now());
  }

  /** Runs a transition, propagates ends to dependents within bounds, then emits the effects. */
  protected async commit<T>(transition: (s: State, now: number) => T): Promise<T> {
    this.refuseClosed();
    const result = this.transact(transition);
    this.emit(this.takeEffects());
    return result;
  }

  /** @throws SchedulerClosedError */
  protected refuseClosed(): void {
    if (this.isClosed) throw new SchedulerClosedError();
  }

  protected transact<T>(transition: (s: State, now: number) => T): T {
    const now = this.now();
    Object.assign(this.state.edgeBudget, STEP_BUDGET);
    const result = transition(this.state, now);
    propagate(this.state);
    trimGrown(this.state, Number.POSITIVE_INFINITY);
    return result;
  }

  /** Removes and returns the effects of the transition. */
  protected takeEffects(): readonly Effect[] {
    const s = this.state;
    const signals = s.woken.map(readySignal);
    s.woken.length = 0;
    if (s.steps.steps.length > 0) signals.push({ kind: 'workRemains' });
    if (s.effects.length === 0) return signals;
    const effects = s.effects;
    s.effects = [];
    effects.push(...signals);
    return effects;
  }

  protected emit(effects: readonly Effect[]): void {
    if (effects.length === 0) return;
    for (const listener of this.listeners.keys()) listener(effects);
  }

  /** The wall clock, as seen by the state; it goes back only if the clock was set back. */
  protected now(): number {
    const wall = this.clock.now();
    const by = this.steps.step(wall);
    if (by !== 0) this.follow(by);
    return (this.state.now = Math.max(this.state.now, wall));
  }

  /** @param before the clock when the state was last used */
  protected followFrom(before: number): void {
    const by = this.clock.now() - before;
    if (by < 0) this.follow(by);
  }

  /** @param by ms that the wall clock has stepped */
  protected follow(by: number): void {
    this.state.now = this.clock.now();
    followStep(this.state, by, this.state.now);
  }
}

function readySignal(queue: QueueRow): Signal {
  queue.isWoken = false;
  return { kind: 'ready', queue: queue.name };
}
