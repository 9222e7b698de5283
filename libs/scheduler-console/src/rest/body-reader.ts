import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import type { Observable } from 'rxjs';
import type { ConsoleReply, ConsoleRequest } from '../auth/console-request.js';
import type { ResolvedConsoleOptions } from '../resolve-options.js';
import { servedAt } from '../served-at.js';
import { CONSOLE_OPTIONS } from '../tokens.js';
import { deferBody } from './deferred-body.js';
import { ProblemFilter } from './problem.filter.js';
import { CONSOLE_ROUTES, type ConsoleRoute } from './routes.js';

type Next = (error?: unknown) => void;

interface FastifyRoute {
  url: string;
  method: string | string[];
  errorHandler?: (error: unknown, request: ConsoleRequest, reply: ConsoleReply) => void;
  preParsing?: (request: ConsoleRequest, reply: ConsoleReply, body: Readable) => Promise<Readable>;
}

/**
 * Keeps the bodies of the console's routes from the parsers of the app. The guard reads them after authentication and
 * rate limiting, with the same limits and errors on Express and Fastify. Other routes of the app are not affected.
 */
@Injectable()
export class BodyReader {
  private routes: readonly (ConsoleRoute & { at: string; pattern: RegExp })[] = [];

  constructor(
    @Inject(CONSOLE_OPTIONS) private readonly options: ResolvedConsoleOptions,
    @Inject(CONSOLE_ROUTES) private readonly declared: readonly ConsoleRoute[],
    private readonly host: HttpAdapterHost,
    private readonly config: ApplicationConfig,
    private readonly filter: ProblemFilter,
  ) {
    // Nest adds the parsers of the app to Express when it starts. Only Nest 12 announces an adapter that is set later,
    // as in its testing module; otherwise the guard checks what the parsers have read.
    if (host.httpAdapter) this.installFirst();
    else (host.init$ as Observable<void> | undefined)?.subscribe(() => this.installFirst());
  }

  /**
   * Call it when the global prefix is known and before routes are registered, since Fastify announces each only once.
   */
  registerRoutes(): void {
    const base = servedAt(this.config, this.options.path);
    this.routes = this.declared.map((route) => {
      const at = `${base}${route.path}`;
      const pattern = new RegExp(`^${at.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}/?(?:\\?|$)`, 'i');
      return { ...route, at, pattern };
    });
    if (this.host.httpAdapter?.getType() === 'fastify') this.hookIntoFastify();
  }

  /** Behind the routes of Express: handles console paths that it cannot decode. */
  handleErrors(): void {
    const { httpAdapter } = this.host;
    if (httpAdapter?.getType() !== 'express') return;
    // Express recognizes an error handler by its four parameters.
    httpAdapter.use((error: unknown, request: ConsoleRequest, reply: ConsoleReply, next: Next) => {
      if (this.find(request)) this.filter.answer(error, request, reply);
      else next(error);
    });
  }

  private installFirst(): void {
    const { httpAdapter } = this.host;
    if (httpAdapter?.getType() !== 'express') return;
    httpAdapter.use((request: ConsoleRequest, _reply: ConsoleReply, next: Next) => {
      const route = this.find(request);
      if (route) deferBody(request, request as unknown as Readable, route.body !== undefined);
      next();
    });
  }

  private find({ method, url }: ConsoleRequest): ConsoleRoute | undefined {
    const asked = method === 'HEAD' ? 'GET' : method;
    return this.routes.find((route) => route.method === asked && route.pattern.test(url));
  }

  private hookIntoFastify(): void {
    const fastify = this.host.httpAdapter.getInstance<{
      addHook: (name: 'onRoute', hook: (route: FastifyRoute) => void) => void;
    }>();
    fastify.addHook('onRoute', (route) => {
      const ours = this.routes.find(({ method, at }) => [route.method].flat().includes(method) && at === route.url);
      if (!ours) return;
      route.errorHandler = (error, request, reply) => this.filter.answer(error, request, reply);
      route.preParsing = async (request, _reply, stream) => {
        deferBody(request, stream, ours.body !== undefined);
        return stream;
      };
    });
  }
}
