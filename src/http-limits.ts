import type { NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { createServer } from 'node:http';

/** Time limits for clients, and the number of connections. Times in ms. */
export interface HttpLimits {
  /** To receive the headers of a request. */
  headers: number;
  /** To receive a complete request, on every path. */
  request: number;
  /** To receive the next request of a connection. */
  keepAlive: number;
  /** Interval of the check for timeouts; Node's default is 30 s, which is added to every limit. */
  checkEvery: number;
  /** Connections at a time; further ones are closed at once. */
  connections: number;
}

export const HTTP_LIMITS: HttpLimits = {
  headers: 10_000,
  request: 30_000,
  keepAlive: 10_000,
  checkEvery: 1_000,
  connections: 1_000,
};

/** Express with limits for its server, and without the header that names it. */
export class LimitedExpressAdapter extends ExpressAdapter {
  constructor(private readonly limits: HttpLimits = HTTP_LIMITS) {
    super();
    this.disable('x-powered-by');
  }

  override initHttpServer({ forceCloseConnections = false }: NestApplicationOptions): void {
    const { headers, request, keepAlive, checkEvery, connections } = this.limits;
    // The interval can be set only when the server is created.
    this.httpServer = createServer(
      {
        headersTimeout: headers,
        requestTimeout: request,
        keepAliveTimeout: keepAlive,
        connectionsCheckingInterval: checkEvery,
      },
      this.getInstance(),
    );
    this.httpServer.maxConnections = connections;
    // As in Nest, where it is private.
    if (forceCloseConnections) (this as unknown as { trackOpenConnections(): void }).trackOpenConnections();
  }
}
