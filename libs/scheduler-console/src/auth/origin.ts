import type { IncomingHttpHeaders } from 'node:http';

/** Whether a page of the app itself asks, or one of an origin that is allowed. */
export function isOwnOrigin({ origin, host }: IncomingHttpHeaders, allowed: readonly string[]): boolean {
  if (origin === undefined || !URL.canParse(origin)) return false;
  return allowed.includes(origin) || new URL(origin).host === host;
}
