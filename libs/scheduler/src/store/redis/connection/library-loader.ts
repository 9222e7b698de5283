import type { Clock } from '../../../core/clock.js';
import type { Client } from './open-client.js';
import { judge, reasonOf } from './redis-errors.js';
import { LibraryLoad, sendScript, type ScriptCommandClass } from './script-command.js';

/** How long verbs are sent as scripts after a server refused the library or a call of it. */
const RETRY_MS = 60_000;
const ALREADY_LOADED = /^ERR Library '\w+' already exists/;

/** Loads the library into servers that do not have it, and detects when functions cannot be used. */
export class LibraryLoader {
  /** Number of the newest load: later calls find the library on the server, unless the load failed. */
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

  /** Sends the library; calls sent after it find it, even if another process loaded it first. */
  load(client: Client, key: string, number: number): void {
    this.loadedBy = number;
    this.#failure = null;
    const ScriptCommand = this.commandClass();
    const command = new ScriptCommand('fcall', '', new LibraryLoad(key, this.text));
    command.promise.catch((error: Error) => {
      if (this.loadedBy === number && !ALREADY_LOADED.test(error.message)) this.#onFailure(error);
    });
    sendScript(client, command);
  }

  /** @returns once: why the load before this call failed; null: it did not fail, the server has lost the library */
  takeFailure(number: number): Error | null {
    const failure = this.loadedBy < number ? this.#failure : null;
    if (failure !== null) this.#failure = null;
    return failure;
  }

  /** Functions cannot be used for a while: the server is full, or forbids them, possibly by mistake. */
  refuse(error: Error): void {
    this.#usableFrom = this.clock.monotonic() + RETRY_MS;
    const reason = reasonOf(error);
    if (reason !== this.#reason) this.onRefused(reason);
    this.#reason = reason;
  }

  #onFailure(error: Error): void {
    const verdict = judge(error);
    if (verdict === 'refused') this.refuse(error);
    // A load lost with its connection is repeated over the next one.
    else if (verdict !== 'lost') this.#failure = error;
  }
}
