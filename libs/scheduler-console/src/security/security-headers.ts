import { randomUUID } from 'node:crypto';
import type { ConsoleReply, ConsoleRequest } from '../auth/console-request.js';

/** The headers of every console response; other responses of the app are not affected. */
export const SECURITY_HEADERS = {
  'Content-Security-Policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
} as const;

/** Sets them, and the id of the request: the caller's if it is plain, otherwise a new one. */
export function setSecurityHeaders(request: ConsoleRequest, reply: ConsoleReply): void {
  const given = request.headers['x-request-id'];
  request.requestId ??= typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) reply.header(name, value);
  reply.removeHeader('X-Powered-By');
  reply.header('X-Request-Id', request.requestId);
}
