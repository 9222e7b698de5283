import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import { ConsoleAuthenticator } from '../auth/console-authenticator.js';
import { isLoopback } from '../auth/loopback.js';
import { ConsoleExposedError } from '../console-error.js';

/** Stops the start of an app that would serve the console to a network without authentication. */
@Injectable()
export class ExposureCheck implements OnModuleInit {
  constructor(
    private readonly authenticator: ConsoleAuthenticator,
    private readonly host: HttpAdapterHost,
  ) {}

  /** Makes `app.listen` reject with ConsoleExposedError. The guard rejects requests that arrive meanwhile. */
  onModuleInit(): void {
    const server = this.host.httpAdapter?.getHttpServer() as Server | undefined;
    if (this.authenticator.isProtected || !server) return;
    server.prependListener('listening', () => {
      const at = server.address();
      if (typeof at !== 'object' || at === null || isLoopback(at.address)) return;
      server.emit('error', new ConsoleExposedError(at.address));
      // Other listeners of the event may still read the address.
      process.nextTick(() => server.close());
    });
  }
}
