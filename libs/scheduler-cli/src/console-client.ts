import { setTimeout as wait } from 'node:timers/promises';
import { EXIT, Failure } from './failure.js';

/** Longer than the console takes to respond or to say that it cannot. */
const TIMEOUT_MS = 20_000;
const MAX_RETRIES = 5;
const MAX_WAIT_S = 10;

export type Query = Readonly<Record<string, string | number | undefined>>;
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** The REST API of a console. */
export class ConsoleClient {
  private readonly base: string;

  /**
   * @param url of the console: the app's, with the path at which the console is mounted
   * @param token null: none is sent
   * @throws Failure if the URL cannot be used
   */
  constructor(
    url: string,
    private readonly token: string | null,
  ) {
    const parsed = URL.canParse(url) ? new URL(url) : null;
    // The URL itself is not shown: it may contain a password.
    if (!parsed || !/^https?:$/.test(parsed.protocol))
      throw new Failure('the URL of the console is not an http or https URL', EXIT.usage);
    if (parsed.username || parsed.password)
      throw new Failure('the URL of the console contains credentials: set NESTJS_SCHEDULER_TOKEN instead', EXIT.usage);
    this.base = `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
  }

  /** @throws Failure */
  get<T>(path: string, query: Query = {}): Promise<T> {
    return this.call<T>('GET', path, query);
  }

  /** @throws Failure */
  post<T>(path: string, body: unknown = {}): Promise<T> {
    return this.call<T>('POST', path, {}, body);
  }

  /** @throws Failure */
  put<T>(path: string, body: unknown): Promise<T> {
    return this.call<T>('PUT', path, {}, body);
  }

  /** Items of as many pages as it takes. @param limit of items in all @throws Failure */
  async list<T>(path: string, query: Query = {}, limit = Number.POSITIVE_INFINITY): Promise<Page<T>> {
    const items: T[] = [];
    let cursor: string | null | undefined;
    do {
      const size = Math.min(limit - items.length, 1000);
      const page = await this.get<Page<T>>(path, { ...query, limit: size, cursor: cursor ?? undefined });
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null && items.length < limit);
    return { items, nextCursor: cursor };
  }

  private async call<T>(method: string, path: string, query: Query, body?: unknown): Promise<T> {
    const url = new URL(`${this.base}/api/${path}`);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    for (let retries = 0; ; retries++) {
      const response = await this.send(method, url, body);
      if (response.status !== 429 || retries === MAX_RETRIES) return this.read<T>(response);
      await response.body?.cancel();
      const seconds = Number(response.headers.get('retry-after'));
      await wait(Math.min(Math.max(seconds || 1, 1), MAX_WAIT_S) * 1000);
    }
  }

  private async send(method: string, url: URL, body: unknown): Promise<Response> {
    try {
      return await fetch(url, {
        method,
        // A redirect would send the request, but not the token, elsewhere.
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          accept: 'application/json',
          // Between two requests the server may close a connection that is kept.
          connection: 'close',
          ...(this.token === null ? {} : { authorization: `Bearer ${this.token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new Failure(`the console at ${this.base} is not reachable: ${reasonOf(error)}`, EXIT.unavailable);
    }
  }

  private async read<T>(response: Response): Promise<T> {
    const text = await response.text().catch((error: unknown) => {
      throw new Failure(`the response of ${this.base} broke off: ${reasonOf(error)}`, EXIT.unavailable);
    });
    const value = parse(text);
    if (response.ok && value !== undefined) return value as T;
    const { code, detail } = (value ?? {}) as { code?: unknown; detail?: unknown };
    if (typeof code !== 'string')
      throw new Failure(
        `no console at ${this.base} (HTTP ${response.status}): the URL ends with the path at which the console is mounted`,
        response.status >= 500 ? EXIT.unavailable : EXIT.failed,
      );
    const hint = response.status === 401 ? '; set NESTJS_SCHEDULER_TOKEN to a token of the console' : '';
    throw new Failure(`${String(detail)}${hint}`, exitCodeOf(response.status), code);
  }
}

function exitCodeOf(status: number): (typeof EXIT)[keyof typeof EXIT] {
  if (status === 401 || status === 403) return EXIT.notPermitted;
  return status >= 500 || status === 429 ? EXIT.unavailable : EXIT.failed;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What Node says of a failed request: the code of its cause, or that it took too long. */
function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
  if (name === 'TimeoutError') return `no response within ${TIMEOUT_MS / 1000} s`;
  return cause?.code ?? cause?.message ?? message;
}
