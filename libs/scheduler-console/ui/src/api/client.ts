import { signOut, token } from './session';

/** `<path>/`, whatever the mount path: the page itself stands at `<path>/dashboard/`. */
const ROOT = new URL('../', document.baseURI);
export const LIVE_PATH = new URL('live', ROOT).pathname;

/** What the server answered instead of what was asked for. `status` 0: it did not answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** The field that it is about. */
    readonly path: string | null = null,
  ) {
    super(message);
  }
}

export type Query = Record<string, string | number | null | undefined>;

export function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '');
  const search = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return call<T>('GET', search === '' ? path : `${path}?${search}`, undefined, signal);
}

export function post<T>(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  return call<T>('POST', path, body, undefined, headers);
}

export function put<T>(path: string, body: unknown): Promise<T> {
  return call<T>('PUT', path, body);
}

export function remove(path: string): Promise<null> {
  return call<null>('DELETE', path);
}

async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
  extra: Record<string, string> = {},
): Promise<T> {
  const bearer = token();
  const headers: Record<string, string> = { accept: 'application/json', ...extra };
  if (bearer !== null) headers.authorization = `Bearer ${bearer}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const response = await fetch(new URL(`api/${path}`, ROOT), {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
    signal: signal ?? null,
    cache: 'no-store',
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'UNREACHABLE', 'The server does not answer.');
  });
  const answer = parse(await response.text());
  if (response.ok) return answer as T;
  const error = toError(response, answer);
  if (response.status === 401 && path !== 'me') signOut('Your session is over: sign in again.');
  throw error;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function toError(response: Response, answer: unknown): ApiError {
  const problem = (answer ?? {}) as { code?: unknown; detail?: unknown; title?: unknown; path?: unknown };
  const said = [problem.detail, problem.title].find((each) => typeof each === 'string');
  const code = typeof problem.code === 'string' ? problem.code : `HTTP_${response.status}`;
  const path = typeof problem.path === 'string' ? problem.path : null;
  return new ApiError(response.status, code, said ?? (response.statusText || `Status ${response.status}`), path);
}

export function messageOf(error: unknown): string {
  if (error instanceof ApiError) return error.status === 0 ? error.message : `${error.message} (${error.code})`;
  return error instanceof Error ? error.message : String(error);
}
