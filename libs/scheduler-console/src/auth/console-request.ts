import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Principal } from './principal.js';

/** The parts of a request that the console uses, the same on Express and Fastify. */
export interface ConsoleRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  socket: Socket;
  params: Record<string, string | undefined>;
  body?: unknown;
  principal?: Principal;
  requestId?: string;
  /** Number of requests that it counts for in the rate limit. */
  weight?: number;
  /** The change of a mutation, for the audit log. */
  changes?: { before: unknown; after: unknown };
}

/** The parts of a reply that the console uses, the same on Express and Fastify. */
export interface ConsoleReply {
  header(name: string, value: string): unknown;
  removeHeader(name: string): unknown;
}

/** Whether the method of a request is read-only. */
export function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** The token of `Authorization: Bearer …`. */
export function bearerOf({ authorization }: IncomingHttpHeaders): string | undefined {
  return /^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization ?? '')?.[1];
}

/** The caller, as set by the guard. */
export function principalOf(request: ConsoleRequest): Principal {
  if (!request.principal) throw new Error('a console route was called without its guard');
  return request.principal;
}
