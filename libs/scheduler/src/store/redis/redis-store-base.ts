import { SchedulerClosedError } from '../../core/errors.js';
import { SystemClock, type Clock, type ClockTimer } from '../../core/clock.js';
import type { Effect, ExecutionTransition } from '../../core/effects.js';
import { ulid } from '../../core/ids.js';
import { historySettings, type GivenHistory, type HistoryBounds } from '../history-settings.js';
import { LeaseRenewer } from './lease-renewal/lease-renewer.js';
import { PIPELINE_OPERATION, TRANSITION_BITS } from './codec/codes.js';
import { effectsOf } from './codec/effects.js';
import { RedisConnection, type FollowUp, type ScriptArgument } from './connection/redis-connection.js';
import type { ResolvedRedisOptions } from './connection/redis-options.js';
import { unsentStamp } from './connection/stamp.js';
import { FOLLOW_FORWARD, StoreClock, UNKNOWN_INSTANT } from './connection/store-clock.js';
import type { RoundTrip } from './pipeline-batcher.js';
import { luaScripts, scriptsFor } from './lua-scripts.js';
import { rejection } from './rejection.js';
import { RewindWatch } from './rewind-watch.js';
import { ServerTime } from './server-time.js';

export interface RedisStoreSettings {
  connection: ResolvedRedisOptions;
  /** Separates schedulers that share a server: all keys begin with {namespace}, so they are in one hash slot. */
  namespace: string;
  /** ms after a worker's last heartbeat until its runs are rescued. */
  lease: number;
  /** ms that the event loop may be blocked before its worker counts as dead. Default 60 s, or the lease if that is longer. */
  stallLimit?: number;
  /** Maximum duration of an attempt of a task without a timeout, ms. */
  maxAttemptDuration: number;
  /** Retention of ended executions and workflows, by outcome. */
  history: GivenHistory;
  /** Executions that one script inserts, unless all are simple. Default 200. */
  insertsPerCall?: number;
  /** Only for tests: ms after which the store refuses a request as late. Default 15 s. */
  requestBudget?: number;
  /** Only for tests: the time comes from this clock instead of the server's. */
  testClock?: Clock;
}

type TransitionFilter = (transition: ExecutionTransition) => boolean;

const TRANSITIONS = Object.keys(TRANSITION_BITS) as ExecutionTransition[];
/** How often a node renews its entry among the listeners, and when an entry that is not renewed expires. */
const LISTEN_INTERVAL_MS = 20_000;
const LISTEN_TIMEOUT_MS = 60_000;

/** Runs the scripts of the verbs, and emits their effects, and those of other nodes, to the subscribers of this process. */
export abstract class RedisStoreBase {
  /** Id of this store among those that use the namespace. */
  protected readonly node: string;
  protected readonly connection: RedisConnection;
  protected readonly leaseRenewer: LeaseRenewer;
  private readonly root: string;
  private readonly stamp: string;
  private readonly context: string;
  private readonly listeners = new Map<(effects: readonly Effect[]) => void, TransitionFilter>();
  /** Never the test clock: network time is real time. */
  private readonly localClock = new SystemClock();
  private readonly storeClock = new StoreClock(this.localClock);
  /** ms by which the server's clock is ahead of this machine's, by the newest reply. */
  private clockOffset = 0;
  private readonly serverTime = new ServerTime();
  private announcedMask = -1;
  /** Changes when the server has lost the namespace, by a flush or a restart without persistence. */
  private incarnation: string | null = null;
  private readonly rewindWatch = new RewindWatch(
    (lost) => void this.commit('reportRewind', lost).catch(() => undefined),
  );
  private operationCount = 0;
  private isClosed = false;
  private listenTimer: ClockTimer | undefined;

  constructor(protected readonly settings: RedisStoreSettings) {
    this.node = ulid(this.localClock.now());
    this.root = `{${settings.namespace}}:`;
    this.connection = new RedisConnection(settings.connection, luaScripts(), {
      probe: { key: `${this.root}m`, channel: `${this.root}fx` },
      instant: () => this.instant(),
      onLate: (now) => this.onLate(now),
    });
    this.stamp = unsentStamp(settings.requestBudget);
    const { lease, maxAttemptDuration } = settings;
    const publish = this.connection.sharded ? 'SPUBLISH' : 'PUBLISH';
    const fields = [lease, ...historyFields(settings.history), maxAttemptDuration, publish, this.node];
    this.context = fields.join('|');
    this.leaseRenewer = new LeaseRenewer({
      connection: settings.connection,
      library: scriptsFor(['renew', FOLLOW_FORWARD]),
      root: this.root,
      // The thread has a connection of its own, so it counts as another node.
      context: `|${this.context}+`,
      lease,
      stallLimit: settings.stallLimit,
    });
  }

  async open(): Promise<void> {
    await this.connection.connect();
    await this.connection.subscribe(
      [`${this.root}fx`],
      (_channel, message) => this.onMessage(message),
      () => this.emitMissed(),
    );
    await this.announce();
    if (this.isClosed) throw new SchedulerClosedError();
    this.listenTimer = this.localClock.setRepeating(
      LISTEN_INTERVAL_MS,
      () => void this.listen(this.mask()).catch(() => undefined),
    );
  }

  async close(): Promise<void> {
    this.listenTimer?.cancel();
    this.listeners.clear();
    // Not awaited: `close` limits the time that calls in flight get.
    if (this.connection.isReady && !this.isClosed)
      void this.run('listen', ['', LISTEN_TIMEOUT_MS]).catch(() => undefined);
    this.isClosed = true;
    await Promise.all([this.leaseRenewer.close(), this.connection.close()]);
  }

  subscribe(listener: (effects: readonly Effect[]) => void, wants: TransitionFilter = () => true): () => void {
    this.listeners.set(listener, wants);
    return () => void this.listeners.delete(listener);
  }

  /** Runs a script that only reads. */
  protected async query<T>(script: string, ...args: ScriptArgument[]): Promise<T> {
    await this.announce();
    return (await this.run(script, args)) as T;
  }

  /** Runs a script that writes. Its effect happens once, even if it is sent more than once. */
  protected commit<T>(script: string, ...args: ScriptArgument[]): Promise<T> {
    return this.send<T>(script, this.nextOperation(), args);
  }

  /** Like `commit`, with no other call of this pipeline in flight, so the store only keeps the newest reply of the pipeline. */
  protected commitInPipeline<T>({ pipeline, age }: RoundTrip, script: string, ...args: ScriptArgument[]): Promise<T> {
    return this.send<T>(script, `${PIPELINE_OPERATION}${pipeline}|${++this.operationCount};`, args, age);
  }

  /** @returns an operation id, unique among all nodes */
  protected nextOperation(): string {
    return `${this.node}:${++this.operationCount}`;
  }

  /** Runs a script that is idempotent without an operation id. */
  protected commitRepeatable<T>(script: string, ...args: ScriptArgument[]): Promise<T> {
    return this.send<T>(script, '', args);
  }

  /** A reply says which incarnation of the namespace answered. */
  protected observeIncarnation(born: string): void {
    if (this.incarnation !== null && this.incarnation !== born) void this.listen(this.mask()).catch(() => undefined);
  }

  /** Runs `exchange`. @returns its raw reply; effects are not emitted */
  protected async runExchange(args: readonly ScriptArgument[]): Promise<unknown> {
    if (this.isAnnounced) return this.run('exchange', args);
    await this.announce();
    return this.run('exchange', args);
  }

  /** Listens to direct dispatches to a worker of this process. @returns ends the subscription */
  protected listenToChannel(channel: string, onMessage: (message: string) => void): () => void {
    const ended = this.connection.subscribe(
      [`${this.root}to:${channel}`],
      (_channel, message) => onMessage(message),
      () => undefined,
    );
    ended.catch(() => undefined);
    return () => void ended.then((end) => end()).catch(() => undefined);
  }

  protected emit(effects: readonly Effect[]): void {
    if (effects.length === 0) return;
    for (const listener of this.listeners.keys()) listener(effects);
  }

  protected emitText(text: string): void {
    this.emit(this.effectsIn(text));
  }

  /** The effects in a reply; none if this process has no listeners. */
  protected effectsIn(text: string): readonly Effect[] {
    if (text === '' || this.listeners.size === 0) return [];
    const effects = effectsOf(text);
    return effects.map((effect) => (effect.kind === 'timerDue' ? { ...effect, at: this.toLocal(effect.at) } : effect));
  }

  /** Converts an instant of the server's clock to this machine's, which timers use. */
  protected toLocal(at: number): number {
    return at - this.clockOffset;
  }

  /** @param sentAt `sendingTime` when the request of the reply with `now` was sent */
  protected observeClock(now: number, sentAt: number): void {
    if (this.settings.testClock) return;
    this.clockOffset = now - this.localClock.now();
    this.storeClock.observe(now, sentAt);
  }

  protected sendingTime(): number {
    return this.storeClock.monotonic();
  }

  /** @param server its time in a reply @param sentAt when the request was sent */
  protected observeServerTime(server: number, sentAt: number): void {
    this.serverTime.observe(server, sentAt, this.localClock.monotonic());
  }

  /** ms since an instant of the server's clock, or slightly more. */
  protected ageOf(server: number): number {
    return this.settings.testClock ? 0 : this.serverTime.ageOf(server, this.localClock.monotonic());
  }

  /** The server's time or slightly earlier; null: not known yet. */
  protected serverNow(): number | null {
    const { testClock } = this.settings;
    const now = testClock ? testClock.now() : this.serverTime.at(this.localClock.monotonic());
    return now === null ? null : Math.floor(now);
  }

  protected wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.localClock.setTimer(ms, resolve));
  }

  protected isSubscribed(transition: ExecutionTransition): boolean {
    for (const wants of this.listeners.values()) if (wants(transition)) return true;
    return false;
  }

  /** The arguments are not retained while waiting for the reply. */
  private send<T>(script: string, operation: string, args: readonly ScriptArgument[], age = 0): Promise<T> {
    const sent = this.isAnnounced
      ? this.run(script, args, operation, age)
      : this.announce().then(() => this.run(script, args, operation, age));
    const sentAt = this.sendingTime();
    const observe = this.rewindWatch.expect();
    return sent.then((reply) => {
      observe(reply as unknown[]);
      return this.receive(reply as [T, string, ...unknown[]], sentAt);
    });
  }

  private receive<T>([value, effects, ...details]: [T, string, ...unknown[]], sentAt: number): T {
    if (value === 'error') throw rejection(effects, details as string[]);
    this.observeClock(details[0] as number, sentAt);
    this.emitText(effects);
    return value;
  }

  private run(script: string, args: readonly ScriptArgument[], operation = '', age = 0): Promise<unknown> {
    if (this.isClosed) return Promise.reject(new SchedulerClosedError());
    const { testClock } = this.settings;
    const time = testClock ? Math.floor(testClock.now()) : '';
    const context = `${this.stamp}${time}|${this.context}`;
    return this.connection.run(script, this.root, [context, operation, ...args], { age });
  }

  private instant(): string {
    return this.settings.testClock ? UNKNOWN_INSTANT : this.storeClock.text();
  }

  /** If the server's clock has jumped forward, the store is notified before the refused call is sent again. */
  private onLate(now: number): FollowUp | null {
    const by = this.storeClock.follow(now);
    if (by === 0) return null;
    return {
      name: FOLLOW_FORWARD,
      args: [`${this.stamp}|${this.context}`, '', by],
      onReply: (reply) => this.emitText((reply as [number, string])[1]),
    };
  }

  private emitMissed(): void {
    this.emit([{ kind: 'missed', time: this.now() }]);
  }

  /** ms since 1970 by the server's clock. */
  private now(): number {
    return this.localClock.now() + this.clockOffset;
  }

  // ---- subscriptions -------------------------------------------------------------------------------------------

  private get isAnnounced(): boolean {
    return this.mask() === this.announcedMask;
  }

  /** All nodes know the subscriptions of this one before it sends anything else. */
  private async announce(): Promise<void> {
    const mask = this.mask();
    if (mask !== this.announcedMask) await this.listen(mask);
  }

  private async listen(mask: number): Promise<void> {
    const sentAt = this.sendingTime();
    const reply = await this.run('listen', [mask, LISTEN_TIMEOUT_MS]);
    const [isNew, born, now] = reply as [number, string, number];
    this.observeClock(now, sentAt);
    // The entry of this node had expired, so other nodes published nothing for it.
    if (isNew === 1 && this.announcedMask >= 0) this.emitMissed();
    if (this.incarnation !== null && this.incarnation !== born) this.emit([{ kind: 'storeReset' }]);
    this.incarnation = born;
    this.announcedMask = mask;
  }

  private mask(): number {
    let mask = 0;
    for (const transition of TRANSITIONS) if (this.isSubscribed(transition)) mask |= TRANSITION_BITS[transition];
    return mask;
  }

  private onMessage(message: string): void {
    const end = message.indexOf('|');
    if (message.slice(0, end) === this.node) return;
    const effects = this.effectsIn(message.slice(end + 1));
    // A process that was blocked or disconnected may read outdated grants.
    for (const effect of effects) if (effect.kind === 'lock') effect.age = this.ageOf(effect.time);
    this.emit(effects);
  }
}

/** Fields of the call context: count, age and bytes for COMPLETED, then those of the other outcomes if they differ. */
function historyFields(given: GivenHistory): string[] {
  const { COMPLETED, FAILED, CANCELLED, SKIPPED } = historySettings(given);
  const fields = ({ count, age, bytes }: HistoryBounds): string[] => [`${count}`, `${age ?? ''}`, `${bytes ?? ''}`];
  const [first, ...others] = [COMPLETED, FAILED, CANCELLED, SKIPPED].map((bounds) => fields(bounds).join());
  return [
    ...fields(COMPLETED),
    others.every((each) => each === first) ? '' : others.map((each) => `${each};`).join(''),
  ];
}
