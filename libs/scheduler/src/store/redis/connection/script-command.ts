import type { Command } from 'ioredis';
import { isCluster, type Client } from './open-client.js';

export type ScriptArgument = string | number | Buffer;

/** How a verb is sent: as a function of the library; or as a script, by its digest or its text. */
export type ScriptForm = 'fcall' | 'evalsha' | 'eval';

/** A call with one key, encoded by us: a third less work than the client's own for 300 arguments. */
export interface ScriptCommand extends Command {
  /** Whether it was handed to a socket: if not, nothing can have happened. */
  readonly isWritten: boolean;
}

export type ScriptCommandClass = new (
  form: ScriptForm,
  /** What stands before the key, see `scriptHead`. */
  head: string,
  call: Encoded,
  /** See `ScriptCall.encode`. */
  stamp?: string,
) => ScriptCommand;

/** What a command sends. */
interface Encoded {
  /** In a cluster, it goes to the node that has its slot. */
  readonly key: string;
  encode(head: string, stamp?: string): Buffer;
}

/** Brings a library to the node that has the slot of `key`. */
export class LibraryLoad implements Encoded {
  constructor(
    readonly key: string,
    private readonly text: string,
  ) {}

  encode(): Buffer {
    return Buffer.from(`*3\r\n${bulk('function')}${bulk('load')}${bulk(this.text)}`);
  }
}

/**
 * What a script is called with. Once it was sent only its bytes are kept, for a repeat: many calls under way would cost the
 * collector as much as making them otherwise.
 */
export class ScriptCall implements Encoded {
  #args: readonly ScriptArgument[] | null;
  readonly #count: number;
  #head = '';
  #wire: Buffer | null = null;
  #stamp = '';
  readonly #firstLength: number;

  constructor(
    readonly key: string,
    args: readonly ScriptArgument[],
  ) {
    this.#args = args;
    this.#count = args.length;
    this.#firstLength = typeof args[0] === 'string' ? Buffer.byteLength(args[0]) : 0;
  }

  /**
   * The whole command in RESP.
   * @param stamp replaces as many characters at the beginning of the first argument, see `stampOf`; '': none
   */
  encode(head: string, stamp = ''): Buffer {
    if (this.#wire === null) {
      this.#wire = encodeScript(head, this.key, this.#args!);
      this.#args = null;
    } else if (head !== this.#head) {
      // In another form, where the server does not know it in that one.
      const before = Buffer.byteLength(startOf(this.#head, this.#count));
      this.#wire = Buffer.concat([Buffer.from(startOf(head, this.#count)), this.#wire.subarray(before)]);
    }
    this.#head = head;
    if (stamp !== this.#stamp) this.#wire = this.#stamped(this.#wire, stamp);
    return this.#wire;
  }

  /** On a copy where it was sent before: a socket that is given up may still hold what it was given. */
  #stamped(wire: Buffer, stamp: string): Buffer {
    const copy = this.#stamp === '' ? wire : Buffer.from(wire);
    const before = `${startOf(this.#head, this.#count)}${bulk(this.key)}$${this.#firstLength}\r\n`;
    copy.write(stamp, Buffer.byteLength(before), 'latin1');
    this.#stamp = stamp;
    return copy;
  }
}

export function scriptCommandOf(Base: typeof Command): ScriptCommandClass {
  return class extends Base implements ScriptCommand {
    isWritten = false;

    constructor(
      form: ScriptForm,
      private readonly head: string,
      private readonly call: Encoded,
      private readonly stamp = '',
    ) {
      // What the client reads to find the node of a cluster, and what it attaches to errors: the key only.
      super(form, ['', '1', call.key], { replyEncoding: 'utf8' });
    }

    override toWritable(): Buffer {
      this.isWritten = true;
      return this.call.encode(this.head, this.stamp);
    }
  };
}

/**
 * Sends it. The client of a cluster follows MOVED by itself, which is right, and ASK too, which is not: a script would
 * find its namespace empty on a node to which the slot is still on its way.
 */
export function sendScript(client: Client, command: ScriptCommand): void {
  const refuse = command.reject;
  void client.sendCommand(command);
  if (!isCluster(client)) return;
  const redirect = command.reject;
  command.reject = (error) => (error.message.startsWith('ASK ') ? refuse(error) : redirect(error));
}

/** The form, what names the script in it, and the number of keys, as they go over the wire. */
export function scriptHead(form: ScriptForm, script: string): string {
  return `${bulk(form)}${bulk(script)}${bulk('1')}`;
}

/** A whole command in RESP. */
export function encodeScript(head: string, key: string, args: readonly ScriptArgument[]): Buffer {
  const start = `${startOf(head, args.length)}${bulk(key)}`;
  let text = start;
  for (const arg of args) {
    if (typeof arg === 'object') return encodeMixed(start, args);
    const value = typeof arg === 'string' ? arg : `${arg}`;
    text += `$${value.length}\r\n${value}\r\n`;
  }
  // As long in bytes as in characters: all of it is ASCII, and so every length above is right. Counting once is cheaper.
  return Buffer.byteLength(text) === text.length ? Buffer.from(text, 'latin1') : encodeMixed(start, args);
}

function encodeMixed(start: string, args: readonly ScriptArgument[]): Buffer {
  const chunks: Buffer[] = [];
  let text = start;
  for (const arg of args) {
    if (typeof arg === 'object') {
      chunks.push(Buffer.from(`${text}$${arg.length}\r\n`), arg);
      text = '\r\n';
    } else {
      text += bulk(`${arg}`);
    }
  }
  chunks.push(Buffer.from(text));
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

function startOf(head: string, count: number): string {
  return `*${count + 4}\r\n${head}`;
}

function bulk(value: string): string {
  return `$${Buffer.byteLength(value)}\r\n${value}\r\n`;
}
