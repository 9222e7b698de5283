import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { ConsoleError, ConsoleExposedError } from '../console-error.js';
import { bearerOf } from './console-request.js';
import { isLoopback, isLoopbackHost } from './loopback.js';
import { isOwnOrigin } from './origin.js';

interface Reach {
  /** Whether tokens or a guard decide who comes in. */
  isProtected: boolean;
  allowedOrigins: readonly string[];
}

/**
 * From where the console may be called, before it is asked by whom:
 * - unprotected, from this machine, by a name of this machine: a page elsewhere can have its own name resolve to 127.0.0.1,
 *   and is then of one origin with us (DNS rebinding);
 * - without a bearer token, by no page of another origin: whatever else lets a caller in, the browser brings by itself.
 * @throws ConsoleError CONSOLE_EXPOSED, HOST_NOT_ALLOWED, ORIGIN_NOT_ALLOWED
 */
export function checkReach(
  { headers, socket }: { headers: IncomingHttpHeaders; socket: Pick<Socket, 'localAddress'> },
  { isProtected, allowedOrigins }: Reach,
): void {
  if (!isProtected) {
    const address = socket.localAddress ?? '';
    if (!isLoopback(address)) throw new ConsoleExposedError(address);
    if (!isLoopbackHost(headers.host)) throw refusal('HOST_NOT_ALLOWED', 'host', headers.host, LOOPBACK_ONLY);
  }
  if (bearerOf(headers) === undefined && headers.origin !== undefined && !isOwnOrigin(headers, allowedOrigins))
    throw refusal('ORIGIN_NOT_ALLOWED', 'origin', headers.origin, OWN_ONLY);
}

const LOOPBACK_ONLY = 'localhost, 127.0.0.1 or [::1], or any once auth.tokens or auth.guard is configured';
const OWN_ONLY = 'a page of the app itself, those of allowedOrigins, or any with a bearer token';

function refusal(code: string, header: string, found: string | undefined, allowed: string): ConsoleError {
  const shown = found === undefined ? 'none' : JSON.stringify(found.slice(0, 200));
  return new ConsoleError(code, 403, `header ${header}: ${shown}; allowed: ${allowed}`);
}
