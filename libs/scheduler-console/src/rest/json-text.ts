import { ConsoleError } from '../console-error.js';

/** The 32 of a payload, and those around it in a workflow: the node, the list, the body. */
const MAX_DEPTH = 35;
const MAX_KEYS = 200;
/** A workflow of 10,000 nodes and 50,000 edges has some 140,000. */
const MAX_VALUES = 200_000;
/** White space, and one token: a punctuation mark, a string, or a number or word. */
const TOKEN =
  /[ \t\n\r]*(?:([[\]{}:,])|("[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})[^"\\\u0000-\u001f]*)*")|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y; // eslint-disable-line no-control-regex

/** An open array or object. */
interface Level {
  /** The keys of an object; null: an array. */
  keys: Set<string> | null;
  /** The current position in it. */
  key: string | number;
}

/** What may follow: a value, a key, the colon after a key, or what follows a value. */
type Expected = 'value' | 'key' | 'colon' | 'more';

/**
 * Parses JSON text like `JSON.parse`, within the limits of the console.
 * @throws ConsoleError INVALID_JSON with the position, also for duplicate keys; FORBIDDEN_KEY for keys that reach
 * prototypes; PAYLOAD_TOO_DEEP beyond 35 levels; PAYLOAD_TOO_LARGE beyond 200 keys of an object, or 200,000 values in
 * all
 */
export function parseJsonText(text: string): unknown {
  new JsonCheck(text).run();
  return JSON.parse(text);
}

/** Checks a body that another parser has read for the same limits. @throws the errors of parseJsonText */
export function checkParsed(body: unknown): void {
  let text: string;
  try {
    text = JSON.stringify(body);
  } catch {
    throw tooDeep();
  }
  new JsonCheck(text).run();
}

/** Checks a text token by token, without recursion, so no depth overflows the stack. */
class JsonCheck {
  private readonly levels: Level[] = [];
  private expected: Expected = 'value';
  /** Whether the innermost level may end at once. */
  private fresh = false;
  private at = 0;
  private values = 0;

  constructor(private readonly text: string) {}

  run(): void {
    while (this.expected !== 'more' || this.levels.length > 0) this.step();
    const rest = this.text.slice(this.at).search(/[^ \t\n\r]/);
    if (rest >= 0) throw notJson(this.at + rest);
  }

  private step(): void {
    TOKEN.lastIndex = this.at;
    const found = TOKEN.exec(this.text);
    if (!found || !this.take(found[1], found[2], found[0])) throw notJson(this.place());
    this.at += found[0].length;
  }

  /** @returns false if the token is not allowed here */
  private take(mark: string | undefined, string: string | undefined, token: string): boolean {
    const level = this.levels.at(-1);
    const { fresh } = this;
    this.fresh = false;
    if (mark === '}' || mark === ']') {
      const ends = level && (level.keys ? '}' : ']') === mark && (this.expected === 'more' || fresh);
      if (ends) this.levels.pop();
      this.expected = 'more';
      return Boolean(ends);
    }
    switch (this.expected) {
      case 'value':
        if (++this.values > MAX_VALUES) throw tooLarge(`more than ${MAX_VALUES} values in the body`);
        if (mark === '{' || mark === '[') this.open(mark === '{');
        else this.expected = 'more';
        return mark === undefined || mark === '{' || mark === '[';
      case 'key':
        if (string === undefined) return false;
        this.enter(level!, JSON.parse(token) as string);
        this.expected = 'colon';
        return true;
      case 'colon':
        this.expected = 'value';
        return mark === ':';
      case 'more':
        if (typeof level!.key === 'number') level!.key++;
        this.expected = level!.keys ? 'key' : 'value';
        return mark === ',';
    }
  }

  private open(isObject: boolean): void {
    if (this.levels.length >= MAX_DEPTH) throw tooDeep();
    this.levels.push(isObject ? { keys: new Set(), key: '' } : { keys: null, key: 0 });
    this.expected = isObject ? 'key' : 'value';
    this.fresh = true;
  }

  private enter(level: Level, key: string): void {
    const keys = level.keys!;
    if (key === '__proto__') throw forbidden(key, pathOf(this.levels.slice(0, -1)));
    const parent = this.levels.at(-2);
    if (key === 'prototype' && parent?.key === 'constructor')
      throw forbidden('constructor.prototype', pathOf(this.levels.slice(0, -2)));
    if (keys.has(key)) {
      const [name, path] = [JSON.stringify(key.slice(0, 80)), pathOf(this.levels.slice(0, -1))];
      throw invalid(`duplicate key ${name} at ${path || 'the body'} (at position ${this.place()})`, path);
    }
    if (keys.size >= MAX_KEYS) {
      const path = pathOf(this.levels.slice(0, -1));
      throw tooLarge(`${path || 'the body'}: more than ${MAX_KEYS} keys; allowed: ${MAX_KEYS} an object`, path);
    }
    keys.add(key);
    level.key = key;
  }

  /** Position of the current token, without the preceding white space. */
  private place(): number {
    return this.at + this.text.slice(this.at).search(/[^ \t\n\r]|$/);
  }
}

function pathOf(levels: readonly Level[]): string {
  const parts = levels.map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${key}`));
  return parts.join('').replace(/^\./, '').slice(0, 200);
}

function notJson(position: number): ConsoleError {
  return invalid(`the body is not JSON (at position ${position})`);
}

function invalid(detail: string, path?: string): ConsoleError {
  return new ConsoleError('INVALID_JSON', 400, detail, path || undefined);
}

function forbidden(key: string, path: string): ConsoleError {
  const detail = `key '${key}' is not allowed at ${path || 'the body'}`;
  return new ConsoleError('FORBIDDEN_KEY', 400, detail, path || undefined);
}

function tooLarge(detail: string, path = ''): ConsoleError {
  return new ConsoleError('PAYLOAD_TOO_LARGE', 413, detail, path || undefined);
}

function tooDeep(): ConsoleError {
  return new ConsoleError('PAYLOAD_TOO_DEEP', 400, `the body is nested deeper than ${MAX_DEPTH} levels`);
}
