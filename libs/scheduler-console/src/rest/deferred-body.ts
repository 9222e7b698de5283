import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { ConsoleRequest } from '../auth/console-request.js';
import { announcesJson, hasBody, requireJson } from '../auth/json-only.js';
import { checkParsed, parseJsonText } from './json-text.js';
import { readBody } from './read-body.js';

/** Headers by which a parser detects a body. */
const DESCRIBING = ['content-type', 'content-length', 'transfer-encoding', 'content-encoding'] as const;

interface DeferredBody {
  stream: Readable;
  headers: IncomingHttpHeaders;
  /** Whether the route takes a body. */
  isExpected: boolean;
}

const deferred = new WeakMap<ConsoleRequest, DeferredBody>();

/**
 * Hides the body of a request from the parsers of the app until the guard has authenticated the caller. A body that was
 * parsed before stays as it is.
 */
export function deferBody(request: ConsoleRequest, stream: Readable, isExpected: boolean): void {
  const { headers } = request;
  if (request.body !== undefined) return;
  const hidden = Object.fromEntries(DESCRIBING.map((name) => [name, headers[name]]));
  deferred.set(request, { stream, headers: hidden, isExpected });
  for (const name of DESCRIBING) delete headers[name];
}

/**
 * Reads and checks the body of a request whose caller may send one.
 * @param ms time to receive it
 * @throws ConsoleError UNSUPPORTED_MEDIA_TYPE, and those of readBody, parseJsonText and checkParsed
 */
export async function takeBody(request: ConsoleRequest, ms: number): Promise<void> {
  const body = deferred.get(request);
  deferred.delete(request);
  const headers = body?.headers ?? request.headers;
  for (const name of DESCRIBING) if (body?.headers[name] !== undefined) request.headers[name] = body.headers[name];
  requireJson(headers);
  if (!body) {
    if (request.body !== undefined) checkParsed(request.body);
    return;
  }
  // Many clients send a content type without a body.
  if (!announcesJson(headers) || (!hasBody(headers) && !body.isExpected)) return;
  request.body = parseJsonText(await readBody(body.stream, headers, ms));
}
