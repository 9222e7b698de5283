import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import type { ConsoleReply, ConsoleRequest } from '../auth/console-request.js';
import type { ResolvedConsoleOptions } from '../resolve-options.js';
import { servedAt } from '../served-at.js';
import { CONSOLE_OPTIONS } from '../tokens.js';
import { MAX_BODY_BYTES } from './problem.js';
import { ProblemFilter } from './problem.filter.js';

type Failed = (error: unknown, request: ConsoleRequest, reply: ConsoleReply) => void;

interface FastifyRoute {
  url: string;
  bodyLimit?: number;
  errorHandler?: Failed;
}

/** Bodies are parsed before Nest reaches a route, so that no filter of a controller hears of a bad one: this does. */
@Injectable()
export class ParserErrors implements OnModuleInit {
  constructor(
    @Inject(CONSOLE_OPTIONS) private readonly options: ResolvedConsoleOptions,
    private readonly host: HttpAdapterHost,
    private readonly config: ApplicationConfig,
    private readonly filter: ProblemFilter,
  ) {}

  onModuleInit(): void {
    const { httpAdapter } = this.host;
    if (httpAdapter?.getType() !== 'express') return;
    // Behind the routes; Express knows an error handler by its four parameters.
    const onError = (error: unknown, request: ConsoleRequest, reply: ConsoleReply, _next: unknown): void =>
      this.filter.answer(error, request, reply);
    httpAdapter.use(this.base(), onError);
  }

  /** To be called before routes are laid, since Fastify tells of each only once. */
  beforeRoutes(): void {
    if (this.host.httpAdapter?.getType() !== 'fastify') return;
    const fastify = this.host.httpAdapter.getInstance<{
      addHook: (name: 'onRoute', hook: (route: FastifyRoute) => void) => void;
    }>();
    const base = `${this.base()}/`;
    fastify.addHook('onRoute', (route) => {
      if (!route.url.startsWith(base)) return;
      route.bodyLimit = MAX_BODY_BYTES;
      route.errorHandler = (error, request, reply) => this.filter.answer(error, request, reply);
    });
  }

  private base(): string {
    return `${servedAt(this.config, this.options.path)}/api`;
  }
}
