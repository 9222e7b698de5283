import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { ConsoleError, ConsoleExposedError } from '../console-error.js';
import type { ConsoleAuth } from '../options.js';
import { bearerOf } from './console-request.js';
import { isLoopback, isLoopbackHost } from './loopback.js';
import { isOwnOrigin } from './origin.js';

interface Access {
  auth: ConsoleAuth;
  /** Whether tokens or a guard control access. */
  isProtected: boolean;
  allowedOrigins: readonly string[];
}

/**
 * Checks the origin of a request, before authentication:
 * - unprotected: only from this machine, by a name of this machine. Another site can resolve its name to 127.0.0.1, and
 *   then shares our origin (DNS rebinding);
 * - with `auth: 'none'`: not through a proxy, behind which every caller seems to be on this machine;
 * - not from a page of another origin, unless it sends a bearer token and tokens control access: browsers add all other
 *   credentials by themselves, and a header that is not checked proves nothing.
 * @throws ConsoleError CONSOLE_EXPOSED, HOST_NOT_ALLOWED, FORWARDED_NOT_ALLOWED, ORIGIN_NOT_ALLOWED
 */
export function checkExposure(
  { headers, socket }: { headers: IncomingHttpHeaders; socket: Pick<Socket, 'localAddress'> },
  { auth, isProtected, allowedOrigins }: Access,
): void {
  if (!isProtected) {
    const address = socket.localAddress ?? '';
    if (!isLoopback(address)) throw new ConsoleExposedError(address);
    if (!isLoopbackHost(headers.host)) throw refusal('HOST_NOT_ALLOWED', 'host', headers.host, LOOPBACK_ONLY);
  }
  const forwarded = auth === 'none' && Object.keys(headers).find((name) => FORWARDED.test(name));
  if (forwarded) throw refusal('FORWARDED_NOT_ALLOWED', forwarded, String(headers[forwarded]), DIRECT_ONLY);
  const isTokenShown = typeof auth === 'object' && 'tokens' in auth && bearerOf(headers) !== undefined;
  if (!isTokenShown && headers.origin !== undefined && !isOwnOrigin(headers, allowedOrigins))
    throw refusal('ORIGIN_NOT_ALLOWED', 'origin', headers.origin, OWN_ONLY);
}

/** Headers that proxies add. */
const FORWARDED =
  /^(forwarded|via|x-forwarded(-.*)?|x-real-ip|x-client-ip|x-cluster-client-ip|true-client-ip|cf-.*|fly-client-ip)$/;
const LOOPBACK_ONLY = 'localhost, 127.0.0.1 or [::1], or any once auth.tokens or auth.guard is configured';
const DIRECT_ONLY = "none with auth 'none'; behind a proxy configure auth.tokens or auth.guard";
const OWN_ONLY = 'a page of the app itself, those of allowedOrigins, or with auth.tokens any that sends a bearer token';

function refusal(code: string, header: string, found: string | undefined, allowed: string): ConsoleError {
  const shown = found === undefined ? 'none' : JSON.stringify(found.slice(0, 200));
  return new ConsoleError(code, 403, `header ${header}: ${shown}; allowed: ${allowed}`);
}
