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
  /** Whether the same call again is harmless, so that it may be repeated when its outcome is unknown. Default true. */
  repeatable?: boolean;
  /** ms of its budget that the call has spent already, before it came here. Default 0. */
  age?: number;
}

/** A call that comes first where the store has refused another one as late. */
export interface FollowUp {
  name: string;
  args: readonly ScriptArgument[];
  onReply: (reply: unknown) => void;
}

/** Calls are timed in turns of one timer. A loop that stood still counts one, so that a reply in the socket is read first. */
const TURN_MS = 250;
const DEADLINE_MS = 2_000;
const BUDGET_MS = 10_000;
const MAX_REPEATS = 3;
const MAX_MISSES = 2;
const CLOSED = 'the connection is closed';

/** What names a script in each form. */
const NAMED_BY = { fcall: 'function', evalsha: 'sha', eval: 'text' } as const;

/** Runs verbs, as functions or as scripts, over one client at a time. Every call ends; see RedisConnection.run for how. */
export class ScriptRunner {
  readonly #scripts = new Map<string, Prepared>();
  readonly #loader: LibraryLoader;
  readonly #keeper: ClientKeeper;
  /** Sent and not answered, in this order. */
  readonly #pending = new Set<Call>();
  /** Not sent: there is no connection, or the server said not now. */
  readonly #waiting = new Set<Call>();
  readonly #waiters = new Set<Waiter>();
  #turn = 0;
  #sends = 0;
  /** The turn of the last reply. */
  #heard = 0;
  #timer: ClockTimer | undefined;
  #isClosed = false;
  /** Connections so far. */
  #generation = 0;
  #idle: (() => void) | undefined;

  constructor(
    open: () => Promise<Client>,
    private readonly commandClass: () => ScriptCommandClass,
    library: ScriptLibrary,
    private readonly clock: Clock,
    /** The instant with which the first argument of every call begins, see `stampOf`; null: calls bear no stamp. */
    private readonly instant: (() => string) | null = null,
    /** Why a client could not connect, where its error does not say. */
    explain?: (error: Error) => Promise<Error>,
    /** Is told why verbs are sent as scripts, where they are. */
    onScripts?: (reason: string) => void,
    /** Given the store's time where it refuses a call as late: what is to be called before that call is sent again. */
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

  /** The client, when it is ready: within the budget, or at once where waiting is of no use. */
  client(): Promise<Client> {
    const client = this.#keeper.ready;
    if (client !== null) return Promise.resolve(client);
    if (this.#isClosed) return Promise.reject(new StoreUnavailableError(CLOSED));
    return new Promise((resolve, reject) => {
      this.#waiters.add({ since: this.#turn, error: null, resolve, reject });
      this.#arm();
    });
  }

  /** @param instant by the store's clock, when it was asked for. Default: now, as far as that is known */
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
        asked: this.instant === null ? 0 : this.clock.monotonic(),
        instant,
        lates: 0,
        since: this.#turn - Math.floor(age / TURN_MS),
        sent: 0,
        from: 0,
        number: 0,
        misses: 0,
        repeats: 0,
        form: 'fcall',
        command: null,
        isDoubtful: false,
        isTooSlow: false,
        error: null,
        resolve,
        reject,
      });
    });
  }

  /** Refuses what comes, lets what is under way end within `cap` ms, and closes. */
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
      call.isDoubtful = true;
      this.#giveUp(call, closed);
    }
    this.#pending.clear();
  }

  #dispatch(call: Call): void {
    const client = this.#keeper.ready;
    if (this.#isClosed) this.#giveUp(call, new StoreUnavailableError(CLOSED));
    else if (client !== null && call.from <= this.#turn) this.#send(client, call);
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
    call.sent = this.#turn;
    call.number = ++this.#sends;
    if (call.form === 'eval') call.script.loadedBy = call.number;
    this.#pending.add(call);
    this.#arm();
    command.promise.then(
      (reply: unknown) => {
        if (!this.#settle(call, command)) return;
        this.#heard = this.#turn;
        this.#keeper.proven();
        call.resolve(reply);
      },
      (error: Error) => {
        if (this.#settle(call, command)) this.#onError(client, call, error);
      },
    );
    sendScript(client, command);
  }

  /** false: the call was taken from this client before it said so, and may have been sent again since. */
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
        if (call.form !== 'fcall' || !areFunctionsRefused(error.message)) return this.#refuse(call, error);
        this.#loader.refuse(error);
        return this.#dispatch(call);
      case 'later':
        call.error = toStoreError(error, name);
        call.from = this.#turn + 1;
        return this.#dispatch(call);
      case 'late':
        return this.#late(call, error);
      case 'demoted':
        call.error = toStoreError(error, name);
        this.#keeper.lose(client, error);
        return this.#dispatch(call);
      case 'lost':
        this.#keeper.lose(client, error);
        return this.#again(call, error);
    }
  }

  /**
   * Where another call has brought the text since, it need not be sent once more. A cluster may have moved the slot between
   * the two.
   */
  #onMissing(client: Client, call: Call, error: Error): void {
    const { script, form, number } = call;
    if (form === 'eval') return this.#refuse(call, error);
    if (form === 'evalsha') {
      if (script.loadedBy < number || ++call.misses > MAX_MISSES) call.form = 'eval';
      return this.#dispatch(call);
    }
    const failure = this.#loader.takeFailure(number);
    if (failure !== null) return this.#onError(client, call, failure);
    if (++call.misses > MAX_MISSES) call.form = 'evalsha';
    else if (this.#loader.isUsable && this.#loader.loadedBy < number)
      this.#loader.load(client, call.with.key, ++this.#sends);
    this.#dispatch(call);
  }

  #refuse(call: Call, error: Error): void {
    call.error = toStoreError(error, call.script.source.name);
    this.#giveUp(call);
  }

  /** The clocks differ, or this process stood still: who still waits asks again, by the store's time. */
  #late(call: Call, error: Error): void {
    const isOver = call.isDoubtful && !call.script.source.readOnly && this.clock.monotonic() - call.asked > BUDGET_MS;
    call.error = new StoreUnavailableError('the request arrived too late');
    if (isOver || ++call.lates > MAX_REPEATS) return this.#giveUp(call);
    call.instant = instantOfLateReply(error.message);
    const first = this.onLate(Number(call.instant));
    if (first !== null)
      this.run(first.name, call.with.key, first.args, true, 0, call.instant).then(first.onReply, () => undefined);
    this.#dispatch(call);
  }

  /** No answer came. What never reached a socket cannot have happened, and counts as no repeat. */
  #again(call: Call, error: Error): void {
    call.error = toStoreError(error, null);
    if (call.command?.isWritten) {
      call.isDoubtful = true;
      if (!call.isRepeatable || ++call.repeats > MAX_REPEATS) return this.#giveUp(call);
    }
    if (call.isTooSlow || this.#isOver(call)) return this.#giveUp(call);
    this.#dispatch(call);
  }

  #giveUp(call: Call, error: SchedulerError = call.error ?? new StoreUnavailableError('not connected')): void {
    const { name, readOnly } = call.script.source;
    call.reject(call.isDoubtful && !readOnly ? new OutcomeUnknownError(name, error.message) : error);
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
    for (const call of sent) this.#again(call, error);
  }

  #flush(): void {
    for (const call of this.#waiting) {
      if (call.from > this.#turn) continue;
      this.#waiting.delete(call);
      this.#dispatch(call);
    }
  }

  #arm(): void {
    this.#timer ??= this.clock.setTimer(TURN_MS, () => this.#onTurn());
  }

  readonly #isOver = ({ since }: { since: number }) => (this.#turn - since) * TURN_MS > BUDGET_MS;

  #onTurn(): void {
    this.#timer = undefined;
    const turn = ++this.#turn;
    const client = this.#keeper.ready;
    const [oldest] = this.#pending;
    // Replies come in order: a call in a long line behind answered calls is not late.
    const silentSince = oldest === undefined ? turn : Math.max(oldest.sent, this.#heard);
    if ((turn - silentSince) * TURN_MS > DEADLINE_MS && client !== null) {
      // A server sends the replies of what it read at once only after the last of it has run: any of these may be the one.
      for (const call of this.#pending) call.isTooSlow = call.script.source.readOnly && call.sent <= silentSince + 1;
      this.#keeper.lose(client, new Error(`no answer within ${DEADLINE_MS} ms`));
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
