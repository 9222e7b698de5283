import type { Clock, ClockTimer } from '../../../core/clock.js';
import { OutcomeUnknownError, StoreUnavailableError, type SchedulerError } from '../../../core/errors.js';
import { ClientKeeper } from './client-keeper.js';
import type { Client } from './open-client.js';
import { LibraryLoader } from './library-loader.js';
import { areFunctionsRefused, isFatalToConnect, judge, toStoreError } from './redis-errors.js';
import type { Call, Prepared, Waiter } from './pending-call.js';
import { instantOfLateReply, stampOf } from './stamp.js';
import { ScriptCall, scriptHead, sendScript } from './script-command.js';
import type { ScriptArgument, ScriptCommand, ScriptCommandClass } from './script-command.js';
import type { ScriptLibrary } from './script-source.js';

export interface RunOptions {
  /** Whether the call is idempotent, so it may be repeated if its outcome is unknown. Default true. */
  repeatable?: boolean;
  /** ms of its time budget that the call has already used. Default 0. */
  age?: number;
}

/** A call to send before another one is repeated that the store has refused as late. */
export interface FollowUp {
  name: string;
  args: readonly ScriptArgument[];
  onReply: (reply: unknown) => void;
}

/** Time limits count turns of one timer. A blocked event loop counts as one turn, so replies in the socket are read first. */
const TURN_MS = 250;
const DEADLINE_MS = 2_000;
const BUDGET_MS = 10_000;
const MAX_REPEATS = 3;
const MAX_MISSES = 2;
const CLOSED = 'the connection is closed';

/** The property that identifies a script in each form. */
const NAMED_BY = { fcall: 'function', evalsha: 'sha', eval: 'text' } as const;

/** Runs verbs, as functions or as scripts, over one client at a time. Every call ends, see RedisConnection.run. */
export class ScriptRunner {
  readonly #scripts = new Map<string, Prepared>();
  readonly #loader: LibraryLoader;
  readonly #keeper: ClientKeeper;
  /** Calls in flight, in the order in which they were sent. */
  readonly #pending = new Set<Call>();
  /** Calls to send: there is no connection, or the server is temporarily unable. */
  readonly #waiting = new Set<Call>();
  readonly #waiters = new Set<Waiter>();
  #turn = 0;
  #sends = 0;
  /** The turn of the last reply. */
  #lastReplyTurn = 0;
  #timer: ClockTimer | undefined;
  #isClosed = false;
  /** Number of connections so far. */
  #generation = 0;
  #idle: (() => void) | undefined;

  constructor(
    open: () => Promise<Client>,
    private readonly commandClass: () => ScriptCommandClass,
    library: ScriptLibrary,
    private readonly clock: Clock,
    /** The instant at the start of the first argument of each call, see `stampOf`; null: calls have no stamp. */
    private readonly instant: (() => string) | null = null,
    /** Finds out why a client could not connect, if its error does not say. */
    explain?: (error: Error) => Promise<Error>,
    /** Called with the reason if verbs are sent as scripts. */
    onScripts?: (reason: string) => void,
    /** Called with the store's time if it refuses a call as late. @returns a call to send before the repeat */
    private readonly onLate: (now: number) => FollowUp | null = () => null,
  ) {
    for (const source of library.scripts.values()) this.#scripts.set(source.name, { source, heads: {}, loadedBy: 0 });
    this.#loader = new LibraryLoader(library.text, commandClass, clock, onScripts);
    this.#keeper = new ClientKeeper(open, clock, {
      onReady: (client) => this.#onReady(client),
      onLost: (error) => this.#onLost(error),
      explain,
    });
  }

  get isReady(): boolean {
    return this.#keeper.ready !== null;
  }

  start(): void {
    this.#keeper.start();
  }

  /** Waits for a ready client, within the time budget. Rejects at once if waiting is useless. */
  client(): Promise<Client> {
    const client = this.#keeper.ready;
    if (client !== null) return Promise.resolve(client);
    if (this.#isClosed) return Promise.reject(new StoreUnavailableError(CLOSED));
    return new Promise((resolve, reject) => {
      this.#waiters.add({ startTurn: this.#turn, error: null, resolve, reject });
      this.#arm();
    });
  }

  /** @param instant when the call was made, by the store's clock. Default: now, if known */
  run(
    name: string,
    key: string,
    args: readonly ScriptArgument[],
    isRepeatable: boolean,
    age = 0,
    instant = this.instant?.() ?? '',
  ): Promise<unknown> {
    const script = this.#scripts.get(name);
    if (script === undefined) throw new TypeError(`no script '${name}'`);
    return new Promise((resolve, reject) => {
      this.#dispatch({
        script,
        with: new ScriptCall(key, args),
        isRepeatable: isRepeatable || script.source.readOnly,
        askedAt: this.instant === null ? 0 : this.clock.monotonic(),
        instant,
        lateCount: 0,
        startTurn: this.#turn - Math.floor(age / TURN_MS),
        sentTurn: 0,
        notBefore: 0,
        sendNumber: 0,
        misses: 0,
        repeats: 0,
        form: 'fcall',
        command: null,
        isOutcomeUnknown: false,
        isTooSlow: false,
        error: null,
        resolve,
        reject,
      });
    });
  }

  /** Rejects new calls, waits at most `cap` ms for those in flight, and closes. */
  async close(cap: number): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const closed = new StoreUnavailableError(CLOSED);
    for (const call of this.#waiting) this.#giveUp(call, closed);
    for (const { reject } of this.#waiters) reject(closed);
    this.#waiting.clear();
    this.#waiters.clear();
    if (this.#pending.size > 0) {
      const idle = new Promise<void>((resolve) => (this.#idle = resolve));
      const timer = this.clock.setTimer(cap, () => this.#idle?.());
      await idle;
      timer.cancel();
    }
    this.#keeper.close();
    this.#timer?.cancel();
    for (const call of this.#pending) {
      call.isOutcomeUnknown = true;
      this.#giveUp(call, closed);
    }
    this.#pending.clear();
  }

  #dispatch(call: Call): void {
    const client = this.#keeper.ready;
    if (this.#isClosed) this.#giveUp(call, new StoreUnavailableError(CLOSED));
    else if (client !== null && call.notBefore <= this.#turn) this.#send(client, call);
    else {
      this.#waiting.add(call);
      this.#arm();
    }
  }

  #send(client: Client, call: Call): void {
    if (call.form === 'fcall' && !this.#loader.isUsable) call.form = 'evalsha';
    const CommandOfClient = this.commandClass();
    const stamp = call.instant === '' ? '' : stampOf(call.instant, this.#generation);
    const { source, heads } = call.script;
    const head = (heads[call.form] ??= scriptHead(call.form, source[NAMED_BY[call.form]]));
    const command = new CommandOfClient(call.form, head, call.with, stamp);
    call.command = command;
    call.sentTurn = this.#turn;
    call.sendNumber = ++this.#sends;
    if (call.form === 'eval') call.script.loadedBy = call.sendNumber;
    this.#pending.add(call);
    this.#arm();
    command.promise.then(
      (reply: unknown) => {
        if (!this.#settle(call, command)) return;
        this.#lastReplyTurn = this.#turn;
        this.#keeper.confirm();
        call.resolve(reply);
      },
      (error: Error) => {
        if (this.#settle(call, command)) this.#onError(client, call, error);
      },
    );
    sendScript(client, command);
  }

  /** @returns false: the call no longer belongs to this command, and may have been sent again since */
  #settle(call: Call, command: ScriptCommand): boolean {
    const isOurs = call.command === command && this.#pending.delete(call);
    if (this.#idle !== undefined && this.#pending.size === 0) this.#idle();
    return isOurs;
  }

  #onError(client: Client, call: Call, error: Error): void {
    const { name } = call.script.source;
    switch (judge(error)) {
      case 'script-missing':
        return this.#onMissing(client, call, error);
      case 'refused':
        if (call.form !== 'fcall' || !areFunctionsRefused(error.message)) return this.#reject(call, error);
        this.#loader.refuse(error);
        return this.#dispatch(call);
      case 'later':
        call.error = toStoreError(error, name);
        call.notBefore = this.#turn + 1;
        return this.#dispatch(call);
      case 'late':
        return this.#onLateReply(call, error);
      case 'demoted':
        call.error = toStoreError(error, name);
        this.#keeper.discard(client, error);
        return this.#dispatch(call);
      case 'lost':
        this.#keeper.discard(client, error);
        return this.#retryLost(call, error);
    }
  }

  /**
   * Sends the text, unless another call has sent it since. In a cluster the slot may have moved in between, so the server may
   * still not have it.
   */
  #onMissing(client: Client, call: Call, error: Error): void {
    const { script, form, sendNumber } = call;
    if (form === 'eval') return this.#reject(call, error);
    if (form === 'evalsha') {
      if (script.loadedBy < sendNumber || ++call.misses > MAX_MISSES) call.form = 'eval';
      return this.#dispatch(call);
    }
    const failure = this.#loader.takeFailure(sendNumber);
    if (failure !== null) return this.#onError(client, call, failure);
    if (++call.misses > MAX_MISSES) call.form = 'evalsha';
    else if (this.#loader.isUsable && this.#loader.loadedBy < sendNumber)
      this.#loader.load(client, call.with.key, ++this.#sends);
    this.#dispatch(call);
  }

  #reject(call: Call, error: Error): void {
    call.error = toStoreError(error, call.script.source.name);
    this.#giveUp(call);
  }

  /** The clocks differ, or this process was blocked: repeats the call with the store's time. */
  #onLateReply(call: Call, error: Error): void {
    const isOverBudget =
      call.isOutcomeUnknown && !call.script.source.readOnly && this.clock.monotonic() - call.askedAt > BUDGET_MS;
    call.error = new StoreUnavailableError('the request arrived too late');
    if (isOverBudget || ++call.lateCount > MAX_REPEATS) return this.#giveUp(call);
    call.instant = instantOfLateReply(error.message);
    const first = this.onLate(Number(call.instant));
    if (first !== null)
      this.run(first.name, call.with.key, first.args, true, 0, call.instant).then(first.onReply, () => undefined);
    this.#dispatch(call);
  }

  /** No reply. A call that never reached a socket cannot have run, and does not count as a repeat. */
  #retryLost(call: Call, error: Error): void {
    call.error = toStoreError(error, null);
    if (call.command?.isWritten) {
      call.isOutcomeUnknown = true;
      if (!call.isRepeatable || ++call.repeats > MAX_REPEATS) return this.#giveUp(call);
    }
    if (call.isTooSlow || this.#isOver(call)) return this.#giveUp(call);
    this.#dispatch(call);
  }

  #giveUp(call: Call, error: SchedulerError = call.error ?? new StoreUnavailableError('not connected')): void {
    const { name, readOnly } = call.script.source;
    call.reject(call.isOutcomeUnknown && !readOnly ? new OutcomeUnknownError(name, error.message) : error);
  }

  #onReady(client: Client): void {
    this.#generation++;
    for (const { resolve } of this.#waiters) resolve(client);
    this.#waiters.clear();
    this.#flush();
  }

  #onLost(error: Error): void {
    for (const call of this.#waiting) call.error = toStoreError(error, null);
    for (const waiter of this.#waiters) {
      waiter.error = toStoreError(error, null);
      if (!isFatalToConnect(error)) continue;
      this.#waiters.delete(waiter);
      waiter.reject(waiter.error);
    }
    const sent = [...this.#pending];
    this.#pending.clear();
    for (const call of sent) this.#retryLost(call, error);
  }

  #flush(): void {
    for (const call of this.#waiting) {
      if (call.notBefore > this.#turn) continue;
      this.#waiting.delete(call);
      this.#dispatch(call);
    }
  }

  #arm(): void {
    this.#timer ??= this.clock.setTimer(TURN_MS, () => this.#onTurn());
  }

  readonly #isOver = ({ startTurn }: { startTurn: number }) => (this.#turn - startTurn) * TURN_MS > BUDGET_MS;

  #onTurn(): void {
    this.#timer = undefined;
    const turn = ++this.#turn;
    const client = this.#keeper.ready;
    const [oldest] = this.#pending;
    // Replies arrive in order: a call queued behind answered ones is not late.
    const silentSince = oldest === undefined ? turn : Math.max(oldest.sentTurn, this.#lastReplyTurn);
    if ((turn - silentSince) * TURN_MS > DEADLINE_MS && client !== null) {
      // The server sends the replies to commands that it read together after the last has run: any of these may be too slow.
      for (const call of this.#pending)
        call.isTooSlow = call.script.source.readOnly && call.sentTurn <= silentSince + 1;
      this.#keeper.discard(client, new Error(`no answer within ${DEADLINE_MS} ms`));
    }
    for (const call of this.#waiting) {
      if (!this.#isOver(call)) continue;
      this.#waiting.delete(call);
      this.#giveUp(call);
    }
    for (const waiter of this.#waiters) {
      if (!this.#isOver(waiter)) continue;
      this.#waiters.delete(waiter);
      waiter.reject(waiter.error ?? new StoreUnavailableError('not connected'));
    }
    if (this.#keeper.ready !== null) this.#flush();
    if (this.#pending.size + this.#waiting.size + this.#waiters.size > 0) this.#arm();
  }
}
