import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock, type ClockTimer } from '../core/clock.js';
import { checkOptionNames, checkSignal } from '../core/check-options.js';
import { parseDuration, type Duration } from '../core/duration.js';
import { InvalidOptionError, LockLostError, LockNotAcquiredError } from '../core/errors.js';
import { ulid } from '../core/ids.js';
import { LOCK_WAITS_PER_STEP } from '../core/limits.js';
import { Liveness } from '../core/liveness.js';
import { checkKey } from '../core/names.js';
import { onAbort } from '../core/on-abort.js';
import { EVENT_SOURCE, type EffectSource } from '../store/effect-source.js';
import type { LockGrant, LockInfo } from '../store/records.js';
import { TASK_STORE, type LockStore } from '../store/task-store.js';
import type { LockHandle } from './lock-handle.js';

const DAY = 24 * 3_600_000;
/** Interval at which this process repeats its waits for locks, ms. */
const POLL_INTERVAL_MS = 1000;
/** A grant that comes after its ttl is asked for again at least so often, and until `maxWait` is over. */
const ASKED_AT_LEAST = 3;
const OPTIONS = ['ttl', 'maxWait', 'signal'];

export interface AcquireOptions {
  /** Lifetime unless extended: 10 ms to a day. Default '30s'. */
  ttl?: Duration;
  /** Maximum wait. Default 0: none; withLock: '30s'. */
  maxWait?: Duration;
  /** Ends the wait: the call rejects with the signal's reason. A lock that is already held stays held. */
  signal?: AbortSignal;
}

interface Waiting {
  key: string;
  ttl: number;
  /** The end of its wait, monotonic ms. */
  until: number;
  resolve: (grant: DatedGrant) => void;
}

interface DatedGrant extends LockGrant {
  /** Monotonic ms: the earliest instant at which the grant can have started. */
  since: number;
}

/** Named locks for code of users, shared with tasks that have requireLock: one holder over all nodes. */
@Injectable()
export class DistributedTaskLock {
  private readonly held = new Map<string, AbortController>();
  /** By owner. */
  private readonly waiting = new Map<string, Waiting>();
  private polling: ClockTimer | null = null;
  private isAsking = false;

  constructor(
    @Inject(TASK_STORE) private readonly store: LockStore,
    @Inject(EVENT_SOURCE) events: EffectSource,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly liveness: Liveness,
  ) {
    liveness.closed.addEventListener('abort', () => {
      for (const controller of this.held.values()) controller.abort(liveness.closed.reason);
      this.held.clear();
    });
    events.listen((effects) => {
      for (const effect of effects) {
        if (effect.kind !== 'lock') continue;
        if (effect.transition === 'granted')
          this.grant({ ...effect, expiresAt: 0 }, clock.monotonic() - (effect.age ?? 0));
        else if (effect.transition === 'lost') this.lose(effect.key, effect.owner);
      }
    });
  }

  /**
   * @returns the lock, or null if it was not free within `maxWait`, or if each grant came after its ttl was over
   * @throws the signal's reason, or SchedulerClosedError if the app closes during the wait
   */
  async acquire(key: string, options: AcquireOptions = {}): Promise<LockHandle | null> {
    checkKey(key, 'key');
    checkOptionNames(options, OPTIONS);
    const ttl = parseTtl(options.ttl);
    const maxWait = parseDuration(options.maxWait === undefined ? 0 : options.maxWait, 'maxWait', { max: DAY });
    checkSignal(options.signal);
    options.signal?.throwIfAborted();
    const owner = `handle:${ulid(this.clock.now())}`;
    const until = this.clock.monotonic() + maxWait;
    const ends = options.signal ? [this.liveness.closed, options.signal] : [this.liveness.closed];
    for (let times = 1; ; times++) {
      const grant = await this.ask(key, owner, ttl, Math.max(0, Math.ceil(until - this.clock.monotonic())), ends);
      if (grant === null) return null;
      const now = this.clock.monotonic();
      if (grant.since + ttl > now) return this.handleOf(grant, ttl, grant.since + ttl - now);
      // Another may hold it by now: asking again renews the grant, or waits once more.
      if (times < ASKED_AT_LEAST || now < until) continue;
      this.withdraw(key, owner).catch(() => undefined);
      return null;
    }
  }

  /**
   * Runs `fn` with the lock, renews the lock meanwhile, and releases it at the end in any case.
   * @throws LockNotAcquiredError if it was not free within maxWait; LockLostError if it was lost while `fn` ran;
   * SchedulerClosedError if the app has closed meanwhile
   */
  async withLock<T>(key: string, options: AcquireOptions, fn: (lock: LockHandle) => Promise<T> | T): Promise<T> {
    checkOptionNames(options, OPTIONS);
    if (typeof fn !== 'function') throw new InvalidOptionError('fn', fn, 'a function');
    const { maxWait = '30s' } = options;
    const handle = await this.acquire(key, { ...options, maxWait });
    if (!handle) throw new LockNotAcquiredError(key, parseDuration(maxWait, 'maxWait', { bareSeconds: 'accept' }));
    const ttl = parseTtl(options.ttl);
    const renewal = this.renewing(handle, Math.max(1, Math.floor(ttl / 3)));
    let hasFailed = true;
    try {
      const result = await fn(handle);
      handle.signal.throwIfAborted();
      hasFailed = false;
      return result;
    } finally {
      renewal.cancel();
      const released = handle.release();
      // The error of `fn` matters more than one of the store.
      await (hasFailed ? released.catch(() => false) : released);
    }
  }

  /** @throws InvalidOptionError unless it is a handle of a lock */
  async release(handle: LockHandle): Promise<boolean> {
    return checkHandle(handle).release();
  }

  /** @throws InvalidOptionError unless it is a handle of a lock, and for an invalid ttl */
  async extend(handle: LockHandle, ttl?: Duration): Promise<boolean> {
    return checkHandle(handle).extend(ttl);
  }

  async isLocked(key: string): Promise<boolean> {
    return ((await this.store.getLock(checkKey(key, 'key')))?.owner ?? null) !== null;
  }

  /** ms until it expires unless renewed; null if it is free. */
  async getLockTtl(key: string): Promise<number | null> {
    return (await this.store.getLock(checkKey(key, 'key')))?.remaining ?? null;
  }

  /** Takes the lock from its holder, whose signal aborts, and gives it to the next waiter. Use with caution. */
  async forceRelease(key: string): Promise<boolean> {
    return this.store.forceReleaseLock(checkKey(key, 'key'));
  }

  /** Locks held or waited for. */
  list(): Promise<LockInfo[]> {
    return this.store.listLocks();
  }

  /** Acquires the lock, or waits for it. */
  private async ask(
    key: string,
    owner: string,
    ttl: number,
    maxWait: number,
    ends: readonly AbortSignal[],
  ): Promise<DatedGrant | null> {
    const granted = maxWait > 0 ? this.await(key, owner, ttl, maxWait, ends) : null;
    const since = this.clock.monotonic();
    try {
      const grant = await this.store.acquireLock(key, owner, ttl, maxWait);
      const dated = grant ? { ...grant, since } : ((await granted?.promise) ?? null);
      for (const end of ends) end.throwIfAborted();
      return dated;
    } catch (error) {
      // A later grant would have no owner. The caller does not wait for a store that may be unreachable.
      this.withdraw(key, owner).catch(() => undefined);
      throw error;
    } finally {
      granted?.leave();
    }
  }

  /** Consecutive timers instead of an interval, so a manual clock stops at each renewal. */
  private renewing(handle: LockHandle, every: number): { cancel: () => void } {
    const next = (): ClockTimer =>
      this.clock.setTimer(every, () => {
        timer = next();
        void handle.extend().catch(() => undefined);
      });
    let timer = next();
    return { cancel: () => timer.cancel() };
  }

  /** @param left ms for which it is certainly held */
  private handleOf(grant: LockGrant, ttl: number, left: number): LockHandle {
    const { key, owner, fencingToken } = grant;
    const controller = new AbortController();
    this.held.set(owner, controller);
    // Without replies of the store, the clock of this process decides when the lock may have another holder.
    let end = this.loseIn(left, key, owner);
    return {
      key,
      fencingToken,
      signal: controller.signal,
      release: () => {
        end.cancel();
        this.held.delete(owner);
        return this.store.releaseLock(key, owner, fencingToken);
      },
      extend: async (longer) => {
        const lasting = longer === undefined ? ttl : parseTtl(longer);
        const next = this.loseIn(lasting, key, owner);
        const extended = await this.store.extendLock(key, owner, fencingToken, lasting).catch((error: unknown) => {
          next.cancel();
          throw error;
        });
        end.cancel();
        end = next;
        if (!extended) this.lose(key, owner);
        return extended;
      },
    };
  }

  /** The end of a wait: null, or a grant whose event may have been lost. */
  private async giveUp(key: string, owner: string, ttl: number): Promise<DatedGrant | null> {
    return (await this.store.abandonLock(key, owner)) ? null : this.confirm(key, owner, ttl);
  }

  /**
   * A grant whose event was lost, if there is one. Part of its time has passed, so it is extended to `ttl` from now.
   */
  private async confirm(key: string, owner: string, ttl: number): Promise<DatedGrant | null> {
    const lock = await this.store.getLock(key);
    if (lock?.owner !== owner) return null;
    const { fencingToken } = lock;
    const since = this.clock.monotonic();
    const isHeld = await this.store.extendLock(key, owner, fencingToken, ttl);
    return isHeld ? { key, owner, fencingToken, expiresAt: 0, since } : null;
  }

  private grant({ key, owner, fencingToken, expiresAt }: LockGrant, since: number): void {
    this.waiting.get(owner)?.resolve({ key, owner, fencingToken, expiresAt, since });
  }

  /**
   * Repeats the waits of this process. This keeps them alive, restores them in a store that has lost them, and returns
   * grants whose events were lost.
   */
  private poll(): void {
    this.polling ??= this.clock.setTimer(POLL_INTERVAL_MS, () => {
      this.polling = null;
      this.poll();
      this.askAgain().catch(() => undefined);
    });
  }

  private async askAgain(): Promise<void> {
    if (this.isAsking) return;
    this.isAsking = true;
    try {
      const owners = [...this.waiting.keys()];
      for (let from = 0; from < owners.length; from += LOCK_WAITS_PER_STEP) {
        await this.renew(owners.slice(from, from + LOCK_WAITS_PER_STEP));
      }
    } finally {
      this.isAsking = false;
    }
  }

  private async renew(owners: readonly string[]): Promise<void> {
    const now = this.clock.monotonic();
    const waits = owners.flatMap((owner) => {
      const wait = this.waiting.get(owner);
      return wait && wait.until > now
        ? { key: wait.key, owner, ttl: wait.ttl, maxWait: Math.ceil(wait.until - now) }
        : [];
    });
    if (waits.length === 0) return;
    for (const grant of await this.store.awaitLocks(waits)) this.grant(grant, now);
    // Withdraw waits that have ended meanwhile.
    for (const { key, owner } of waits) {
      if (!this.waiting.has(owner) && !this.held.has(owner)) this.withdraw(key, owner).catch(() => undefined);
    }
  }

  /** Withdraws a wait, and releases what it was granted. */
  private async withdraw(key: string, owner: string): Promise<void> {
    if (await this.store.abandonLock(key, owner)) return;
    const lock = await this.store.getLock(key);
    if (lock?.owner === owner) await this.store.releaseLock(key, owner, lock.fencingToken);
  }

  private loseIn(ms: number, key: string, owner: string): ClockTimer {
    const timer = this.clock.setTimer(ms, () => this.lose(key, owner));
    timer.handle?.unref();
    return timer;
  }

  private lose(key: string, owner: string): void {
    this.held.get(owner)?.abort(new LockLostError(key));
    this.held.delete(owner);
  }

  /**
   * Waits for the grant by event, and by a poll in case the event is lost. At the end of the wait the store decides
   * which came first.
   */
  private await(
    key: string,
    owner: string,
    ttl: number,
    maxWait: number,
    ends: readonly AbortSignal[],
  ): { promise: Promise<DatedGrant | null>; leave: () => void } {
    const endings: (() => void)[] = [];
    let timer: ClockTimer | undefined;
    const promise = new Promise<DatedGrant | null>((resolve, reject) => {
      this.waiting.set(owner, { key, ttl, until: this.clock.monotonic() + maxWait, resolve });
      this.poll();
      for (const end of ends) {
        const abort = (): void => reject(end.reason as Error);
        if (end.aborted) abort();
        else endings.push(onAbort(end, abort));
      }
      timer = this.clock.setTimer(maxWait, () => {
        this.giveUp(key, owner, ttl).then(resolve, reject);
      });
    });
    promise.catch(() => undefined);
    return {
      promise,
      leave: () => {
        for (const forget of endings) forget();
        timer?.cancel();
        this.waiting.delete(owner);
        if (this.waiting.size === 0) this.polling?.cancel();
        if (this.waiting.size === 0) this.polling = null;
      },
    };
  }
}

function checkHandle(handle: unknown): LockHandle {
  const { release, extend } = (handle ?? {}) as Partial<LockHandle>;
  if (typeof release !== 'function' || typeof extend !== 'function')
    throw new InvalidOptionError('handle', handle, 'the handle of a lock, from acquire or withLock');
  return handle as LockHandle;
}

function parseTtl(ttl: Duration = '30s'): number {
  return parseDuration(ttl, 'ttl', { min: 10, max: DAY });
}
