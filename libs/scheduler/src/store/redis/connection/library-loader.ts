import type { Clock } from '../../../core/clock.js';
import type { Client } from './open-client.js';
import { judge, reasonOf } from './redis-errors.js';
import { LibraryLoad, sendScript, type ScriptCommandClass } from './script-command.js';

/** How long verbs are sent as scripts after a server did not take the library, or a call of it. */
const RETRY_MS = 60_000;
const IS_THERE = /^ERR Library '\w+' already exists/;

/** Brings the library to servers that do not have it, and knows when functions cannot be used. */
export class LibraryLoader {
  /** Number of the sending that brought it last: a later call finds it on the server, unless that failed. */
  loadedBy = 0;
  #failure: Error | null = null;
  /** Monotonic ms from which on functions are used. */
  #usableFrom = Number.NEGATIVE_INFINITY;
  #reason: string | null = null;

  constructor(
    private readonly text: string,
    private readonly commandClass: () => ScriptCommandClass,
    private readonly clock: Clock,
    private readonly onRefused: (reason: string) => void = () => undefined,
  ) {}

  get isUsable(): boolean {
    return this.#usableFrom === Number.NEGATIVE_INFINITY || this.clock.monotonic() >= this.#usableFrom;
  }

  /** Sends it: what is sent behind it finds it. Where another process was faster, it is there as well. */
  load(client: Client, key: string, number: number): void {
    this.loadedBy = number;
    this.#failure = null;
    const ScriptCommand = this.commandClass();
    const command = new ScriptCommand('fcall', '', new LibraryLoad(key, this.text));
    command.promise.catch((error: Error) => {
      if (this.loadedBy === number && !IS_THERE.test(error.message)) this.#failed(error);
    });
    sendScript(client, command);
  }

  /** Why the library that was sent before this call is not there, once; null: it was there, and is gone. */
  takeFailure(number: number): Error | null {
    const failure = this.loadedBy < number ? this.#failure : null;
    if (failure !== null) this.#failure = null;
    return failure;
  }

  /** Functions cannot be used for a while: the server is full, or forbids them, as it may do by mistake and not for long. */
  refuse(error: Error): void {
    this.#usableFrom = this.clock.monotonic() + RETRY_MS;
    const reason = reasonOf(error);
    if (reason !== this.#reason) this.onRefused(reason);
    this.#reason = reason;
  }

  #failed(error: Error): void {
    const verdict = judge(error);
    if (verdict === 'refused') this.refuse(error);
    // What was lost with its connection is brought again over the next one.
    else if (verdict !== 'lost') this.#failure = error;
  }
}
