import {
  IdempotencyConflictError,
  isOfOtherTask,
  SchedulerClosedError,
  UnknownDependencyError,
} from '../../core/errors.js';
import { SystemClock, type Clock, type ClockTimer } from '../../core/clock.js';
import type { Effect, ExecutionTransition } from '../../core/effects.js';
import { ulid } from '../../core/ids.js';
import { historySettings, type GivenHistory, type HistoryBounds } from '../history-settings.js';
import { WorkerBeats } from './beat/worker-beats.js';
import { LANE_OPERATION, TRANSITION_BITS } from './codec/codes.js';
import { effectsOf } from './codec/effects.js';
import { RedisConnection, type FollowUp, type ScriptArgument } from './connection/redis-connection.js';
import type { ResolvedRedisOptions } from './connection/redis-options.js';
import { unsentStamp } from './connection/stamp.js';
import { FOLLOW_FORWARD, StoreClock, UNKNOWN_INSTANT } from './connection/store-clock.js';
import type { Trip } from './lane-batcher.js';
import { luaScripts, scriptsFor } from './lua-scripts.js';
import { RewindWatch } from './rewind-watch.js';
import { ServerTime } from './server-time.js';

export interface RedisStoreSettings {
  connection: ResolvedRedisOptions;
  /** Keeps schedulers that share a server apart: all keys begin with {namespace}, and so lie in one hash slot. */
  namespace: string;
  /** ms after a worker's last word until its runs are brought back. */
  lease: number;
  /** ms for which the event loop may stand still before its runs are given up. Default 60 s, or a longer lease. */
  stallLimit?: number;
  /** Bound of an attempt without a timeout of its own, ms. */
  maxAttemptDuration: number;
  /** What is kept of finished executions and workflows, by outcome. */
  history: GivenHistory;
  /** Executions that one script creates, where they are more than simple. Default 200. */
  createdAtOnce?: number;
  /** Only for tests: ms after which the store takes a request for one that nobody waits for. Default 15 s. */
  requestBudget?: number;
  /** Only for tests: the time comes from this clock instead of the server's. */
  testClock?: Clock;
}

type Wants = (transition: ExecutionTransition) => boolean;

const TRANSITIONS = Object.keys(TRANSITION_BITS) as ExecutionTransition[];
/** How often a node says that it still listens, and how long one that does not is remembered. */
const LISTEN_EVERY_MS = 20_000;
const LISTEN_PATIENCE_MS = 60_000;

/** The frame of every verb: one script, whose effects are told to the subscribers here; and those of other nodes. */
export abstract class RedisFrame {
  /** This store among those on the namespace. */
  protected readonly node: string;
  protected readonly connection: RedisConnection;
  protected readonly beats: WorkerBeats;
  private readonly root: string;
  private readonly stamp: string;
  private readonly beforeNode: string;
  private readonly listeners = new Map<(effects: readonly Effect[]) => void, Wants>();
  /** This machine's clock: what the network takes, it takes by no other. */
  private readonly local = new SystemClock();
  private readonly storeClock = new StoreClock(this.local);
  /** ms by which the server's clock is ahead of this machine's, as the newest reply says. */
  private ahead = 0;
  private readonly serverTime = new ServerTime();
  private announced = -1;
  /** Changes when the server has lost the namespace: by a flush, or by a restart without what it held. */
  private born: string | null = null;
  private readonly rewinds = new RewindWatch((lost) => void this.commit('reportRewind', lost).catch(() => undefined));
  private operations = 0;
  private isClosed = false;
  private timer: ClockTimer | undefined;

  constructor(protected readonly settings: RedisStoreSettings) {
    this.node = ulid(this.local.now());
    this.root = `{${settings.namespace}}:`;
    this.connection = new RedisConnection(settings.connection, luaScripts(), {
      probe: { key: `${this.root}m`, channel: `${this.root}fx` },
      instant: () => this.instant(),
      onLate: (now) => this.onLate(now),
    });
    this.stamp = unsentStamp(settings.requestBudget);
    const { lease, maxAttemptDuration } = settings;
    const publish = this.connection.sharded ? 'SPUBLISH' : 'PUBLISH';
    const parts = [lease, ...historyParts(settings.history), maxAttemptDuration, publish];
    this.beforeNode = `${parts.join('|')}|${this.node}`;
    this.beats = new WorkerBeats({
      connection: settings.connection,
      library: scriptsFor(['renew', FOLLOW_FORWARD]),
      root: this.root,
      // Its connection is another one, and so counts as another node's.
      frame: `|${this.beforeNode}+`,
      lease,
      stallLimit: settings.stallLimit,
    });
  }

  async open(): Promise<void> {
    await this.connection.connect();
    await this.connection.subscribe(
      [`${this.root}fx`],
      (_channel, message) => this.hear(message),
      () => this.tellGap(),
    );
    await this.announce();
    if (this.isClosed) throw new SchedulerClosedError();
    this.timer = this.local.setRepeating(LISTEN_EVERY_MS, () => void this.listen(this.mask()).catch(() => undefined));
  }

  async close(): Promise<void> {
    this.timer?.cancel();
    this.listeners.clear();
    // Not waited for: `close` gives what is under way its time, and no more.
    if (this.connection.isReady && !this.isClosed)
      void this.run('listen', ['', LISTEN_PATIENCE_MS]).catch(() => undefined);
    this.isClosed = true;
    await Promise.all([this.beats.close(), this.connection.close()]);
  }

  subscribe(listener: (effects: readonly Effect[]) => void, wants: Wants = () => true): () => void {
    this.listeners.set(listener, wants);
    return () => void this.listeners.delete(listener);
  }

  /** A script that only looks. */
  protected async look<T>(script: string, ...args: ScriptArgument[]): Promise<T> {
    await this.announce();
    return (await this.run(script, args)) as T;
  }

  /** A script that changes something, once however often it is sent. */
  protected commit<T>(script: string, ...args: ScriptArgument[]): Promise<T> {
    return this.send<T>(script, this.nextOperation(), args);
  }

  /** As `commit`, one after the other: nothing else of this lane is under way. However much goes on beside it, it is known. */
  protected commitOnLane<T>({ lane, age }: Trip, script: string, ...args: ScriptArgument[]): Promise<T> {
    return this.send<T>(script, `${LANE_OPERATION}${lane}|${++this.operations};`, args, age);
  }

  /** A name that no other operation of any node has. */
  protected nextOperation(): string {
    return `${this.node}:${++this.operations}`;
  }

  /** A script whose repeat changes nothing by its own nature. */
  protected commitRepeatable<T>(script: string, ...args: ScriptArgument[]): Promise<T> {
    return this.send<T>(script, '', args);
  }

  /** The raw reply of a script, without effects told. */
  protected async exchangeRaw(args: readonly ScriptArgument[]): Promise<unknown> {
    if (this.isAnnounced) return this.run('exchange', args);
    await this.announce();
    return this.run('exchange', args);
  }

  /** Hears what is handed over to a worker of this process. */
  protected listenTo(channel: string, hear: (message: string) => void): () => void {
    const ended = this.connection.subscribe(
      [`${this.root}to:${channel}`],
      (_channel, message) => hear(message),
      () => undefined,
    );
    ended.catch(() => undefined);
    return () => void ended.then((end) => end()).catch(() => undefined);
  }

  protected tell(effects: readonly Effect[]): void {
    if (effects.length === 0) return;
    for (const listener of this.listeners.keys()) listener(effects);
  }

  protected tellText(text: string): void {
    this.tell(this.effectsIn(text));
  }

  /** What a script reports, for the listeners here: none without listeners. */
  protected effectsIn(text: string): readonly Effect[] {
    if (text === '' || this.listeners.size === 0) return [];
    const effects = effectsOf(text);
    return effects.map((effect) => (effect.kind === 'timerDue' ? { ...effect, at: this.toLocal(effect.at) } : effect));
  }

  /** Timers here go by this machine's clock: an instant of the server's, as it will be shown here. */
  protected toLocal(at: number): number {
    return at - this.ahead;
  }

  /** @param sentAt what `sendingTime` was when the reply that bears `now` was asked for */
  protected setClock(now: number, sentAt: number): void {
    if (this.settings.testClock) return;
    this.ahead = now - this.local.now();
    this.storeClock.observe(now, sentAt);
  }

  protected sendingTime(): number {
    return this.storeClock.monotonic();
  }

  /** ms since this time of the server's. @param sentAt where a reply shows it: when its request was sent */
  protected ageOf(server: number, sentAt?: number): number {
    if (this.settings.testClock) return 0;
    const now = this.local.monotonic();
    if (sentAt !== undefined) this.serverTime.note(server, sentAt, now);
    return this.serverTime.ageOf(server, now);
  }

  /** The server's time, or a little less; null: not known yet. */
  protected serverNow(): number | null {
    const { testClock } = this.settings;
    const now = testClock ? testClock.now() : this.serverTime.at(this.local.monotonic());
    return now === null ? null : Math.floor(now);
  }

  protected passTime(ms: number): Promise<void> {
    return new Promise((resolve) => void this.local.setTimer(ms, resolve));
  }

  protected isWanted(transition: ExecutionTransition): boolean {
    for (const wants of this.listeners.values()) if (wants(transition)) return true;
    return false;
  }

  /** What it was asked for is not kept while the answer is on its way. */
  private send<T>(script: string, operation: string, args: readonly ScriptArgument[], age = 0): Promise<T> {
    const sent = this.isAnnounced
      ? this.run(script, args, operation, age)
      : this.announce().then(() => this.run(script, args, operation, age));
    const sentAt = this.sendingTime();
    const observe = this.rewinds.expect();
    return sent.then((reply) => {
      observe(reply as unknown[]);
      return this.receive(reply as [T, string, ...unknown[]], sentAt);
    });
  }

  private receive<T>([value, effects, ...details]: [T, string, ...unknown[]], sentAt: number): T {
    if (value === 'error') throw refusal(effects, details as string[]);
    this.setClock(details[0] as number, sentAt);
    this.tellText(effects);
    return value;
  }

  private run(script: string, args: readonly ScriptArgument[], operation = '', age = 0): Promise<unknown> {
    if (this.isClosed) return Promise.reject(new SchedulerClosedError());
    const { testClock } = this.settings;
    const time = testClock ? Math.floor(testClock.now()) : '';
    const frame = `${this.stamp}${time}|${this.beforeNode}`;
    return this.connection.run(script, this.root, [frame, operation, ...args], { age });
  }

  private instant(): string {
    return this.settings.testClock ? UNKNOWN_INSTANT : this.storeClock.text();
  }

  /** The server's clock may have gone forward: the store is told of it before it is asked again. */
  private onLate(now: number): FollowUp | null {
    const by = this.storeClock.follow(now);
    if (by === 0) return null;
    return {
      name: FOLLOW_FORWARD,
      args: [`${this.stamp}|${this.beforeNode}`, '', by],
      onReply: (reply) => this.tellText((reply as [number, string])[1]),
    };
  }

  private tellGap(): void {
    this.tell([{ kind: 'missed', time: this.now() }]);
  }

  /** By the server's clock. */
  private now(): number {
    return this.local.now() + this.ahead;
  }

  // ---- what this node listens to -------------------------------------------------------------------------------

  private get isAnnounced(): boolean {
    return this.mask() === this.announced;
  }

  /** What is newly listened to is known to all nodes before anything else is asked. */
  private async announce(): Promise<void> {
    const mask = this.mask();
    if (mask !== this.announced) await this.listen(mask);
  }

  private async listen(mask: number): Promise<void> {
    const sentAt = this.sendingTime();
    const reply = await this.run('listen', [mask, LISTEN_PATIENCE_MS]);
    const [isNew, born, now] = reply as [number, string, number];
    this.setClock(now, sentAt);
    // After a long silence the others had forgotten it, and told it nothing.
    if (isNew === 1 && this.announced >= 0) this.tellGap();
    if (this.born !== null && this.born !== born) this.tell([{ kind: 'storeReset' }]);
    this.born = born;
    this.announced = mask;
  }

  private mask(): number {
    let mask = 0;
    for (const transition of TRANSITIONS) if (this.isWanted(transition)) mask |= TRANSITION_BITS[transition];
    return mask;
  }

  private hear(message: string): void {
    const end = message.indexOf('|');
    if (message.slice(0, end) === this.node) return;
    const effects = this.effectsIn(message.slice(end + 1));
    // A process that stood still, or was cut off, reads what was granted long ago.
    for (const effect of effects) if (effect.kind === 'lock') effect.age = this.ageOf(effect.time);
    this.tell(effects);
  }
}

/** As the frame of the scripts reads it: count, age and bytes of what COMPLETED, and those of the rest where they differ. */
function historyParts(given: GivenHistory): string[] {
  const { COMPLETED, FAILED, CANCELLED, SKIPPED } = historySettings(given);
  const parts = ({ count, age, bytes }: HistoryBounds): string[] => [`${count}`, `${age ?? ''}`, `${bytes ?? ''}`];
  const [first, ...others] = [COMPLETED, FAILED, CANCELLED, SKIPPED].map((bounds) => parts(bounds).join());
  return [...parts(COMPLETED), others.every((each) => each === first) ? '' : others.map((each) => `${each};`).join('')];
}

function refusal(code: string, details: readonly string[]): Error {
  const [first = '', second = '', expected, found = ''] = details;
  switch (code) {
    case 'IDEMPOTENCY_CONFLICT':
      return new IdempotencyConflictError(first, second);
    case 'UNKNOWN_DEPENDENCY':
      return new UnknownDependencyError(
        first,
        second,
        expected === undefined ? 'no execution of that id exists' : isOfOtherTask(found, expected),
      );
    default:
      return new TypeError(`a script refused with a code that this version does not know: ${code}`);
  }
}
