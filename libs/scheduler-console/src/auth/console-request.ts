import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Principal } from './principal.js';

/** What the console uses of a request, the same on Express and Fastify. */
export interface ConsoleRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  socket: Socket;
  params: Record<string, string | undefined>;
  body?: unknown;
  principal?: Principal;
  requestId?: string;
  /** How many requests of the rate limit it counts for. */
  weight?: number;
  /** What a mutation changed, for the audit log. */
  changes?: { before: unknown; after: unknown };
}

/** What the console uses of a reply, the same on Express and Fastify. */
export interface ConsoleReply {
  header(name: string, value: string): unknown;
  removeHeader(name: string): unknown;
}

/** Whether a request changes nothing, by its method. */
export function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** The token of `Authorization: Bearer …`. */
export function bearerOf({ authorization }: IncomingHttpHeaders): string | undefined {
  return /^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization ?? '')?.[1];
}

/** The caller, as the guard has found it. */
export function principalOf(request: ConsoleRequest): Principal {
  if (!request.principal) throw new Error('no console route is served without its guard');
  return request.principal;
}
