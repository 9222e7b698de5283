import type { Command } from 'ioredis';
import { isCluster, type Client } from './open-client.js';

export type ScriptArgument = string | number | Buffer;

/** How a verb is sent: as a function of the library; or as a script, by its digest or its text. */
export type ScriptForm = 'fcall' | 'evalsha' | 'eval';

/** A call with one key, encoded here: for 300 arguments a third cheaper than by the client. */
export interface ScriptCommand extends Command {
  /** Whether it was written to a socket: if not, it cannot have run. */
  readonly isWritten: boolean;
}

export type ScriptCommandClass = new (
  form: ScriptForm,
  /** The encoded text before the key, see `scriptHead`. */
  head: string,
  call: Encoded,
  /** See `ScriptCall.encode`. */
  stamp?: string,
) => ScriptCommand;

/** The content of a command. */
interface Encoded {
  /** In a cluster, its slot selects the node. */
  readonly key: string;
  encode(head: string, stamp?: string): Buffer;
}

/** Loads a library into the node that has the slot of `key`. */
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
 * The arguments of a script. After sending, only the encoded bytes are kept, for a repeat: the arguments of many calls in
 * flight would cost as much garbage collection time as encoding them.
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
   * @param stamp overwrites the start of the first argument, see `stampOf`; '': none
   */
  encode(head: string, stamp = ''): Buffer {
    if (this.#wire === null) {
      this.#wire = encodeScript(head, this.key, this.#args!);
      this.#args = null;
    } else if (head !== this.#head) {
      // The server does not know the script in the first form.
      const before = Buffer.byteLength(startOf(this.#head, this.#count));
      this.#wire = Buffer.concat([Buffer.from(startOf(head, this.#count)), this.#wire.subarray(before)]);
    }
    this.#head = head;
    if (stamp !== this.#stamp) this.#wire = this.#withStamp(this.#wire, stamp);
    return this.#wire;
  }

  /** Writes to a copy if it was sent before: an abandoned socket may still hold the bytes. */
  #withStamp(wire: Buffer, stamp: string): Buffer {
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
      // The client uses these arguments to find the node of a cluster, and attaches them to errors: so only the key.
      super(form, ['', '1', call.key], { replyEncoding: 'utf8' });
    }

    override toWritable(): Buffer {
      this.isWritten = true;
      return this.call.encode(this.head, this.stamp);
    }
  };
}

/**
 * Sends a command. A cluster client follows MOVED, which is right, and ASK, which is not: a script would find its namespace
 * empty on a node to which the slot is still being migrated.
 */
export function sendScript(client: Client, command: ScriptCommand): void {
  const refuse = command.reject;
  void client.sendCommand(command);
  if (!isCluster(client)) return;
  const redirect = command.reject;
  command.reject = (error) => (error.message.startsWith('ASK ') ? refuse(error) : redirect(error));
}

/** The encoded form, name of the script and number of keys. */
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
  // If the text is ASCII, every length above is right. One check of the whole is cheaper than counting each.
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
