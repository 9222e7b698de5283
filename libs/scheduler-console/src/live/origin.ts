import type { IncomingMessage } from 'node:http';
import { isLoopback } from '../auth/loopback.js';

/**
 * Whether a page of the app itself asks, or one of an origin that is allowed. CORS does not cover WebSockets.
 * @param loopbackOnly a page of the app itself is one of this machine: where nobody is asked for a token, a name of
 *   someone else's that points here must not do
 */
export function isOwnOrigin(request: IncomingMessage, allowed: readonly string[], loopbackOnly: boolean): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  return allowed.includes(origin) || (url.host === host && (!loopbackOnly || isLoopbackName(url.hostname)));
}

function isLoopbackName(hostname: string): boolean {
  return hostname === 'localhost' || (hostname !== '' && isLoopback(hostname.replace(/^\[|\]$/g, '')));
}
