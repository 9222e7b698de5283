import type { NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { createServer } from 'node:http';

/** How long a client may take, and how many there may be. Times in ms. */
export interface HttpLimits {
  /** Until the headers of a request have come. */
  headers: number;
  /** Until a request has come as a whole, on every path. */
  request: number;
  /** Until the next request of a connection. */
  keepAlive: number;
  /** Between two looks at what has taken too long; by default Node looks each 30 s, and adds that to every limit. */
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

/** Express behind a server with limits, and without a header that names it. */
export class LimitedExpressAdapter extends ExpressAdapter {
  constructor(private readonly limits: HttpLimits = HTTP_LIMITS) {
    super();
    this.disable('x-powered-by');
  }

  override initHttpServer({ forceCloseConnections = false }: NestApplicationOptions): void {
    const { headers, request, keepAlive, checkEvery, connections } = this.limits;
    // How often a server looks can be said only when it is made.
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
    // Nest's own way, which is private.
    if (forceCloseConnections) (this as unknown as { trackOpenConnections(): void }).trackOpenConnections();
  }
}
