import type { IncomingMessage } from 'node:http';

/** Whether a page of the app itself asks, or one of an origin that is allowed. CORS does not cover WebSockets. */
export function isOwnOrigin(request: IncomingMessage, allowed: readonly string[]): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined || !URL.canParse(origin)) return false;
  return allowed.includes(origin) || new URL(origin).host === host;
}
