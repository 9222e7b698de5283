import type { IncomingHttpHeaders } from 'node:http';

/** Whether the origin is the app itself or an allowed one. */
export function isOwnOrigin({ origin, host }: IncomingHttpHeaders, allowed: readonly string[]): boolean {
  if (origin === undefined || !URL.canParse(origin)) return false;
  return allowed.includes(origin) || new URL(origin).host === host;
}
