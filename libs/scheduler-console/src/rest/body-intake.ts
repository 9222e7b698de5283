import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import type { Observable } from 'rxjs';
import type { ConsoleReply, ConsoleRequest } from '../auth/console-request.js';
import { announcesJson, hasBody } from '../auth/json-only.js';
import type { ResolvedConsoleOptions } from '../resolve-options.js';
import { servedAt } from '../served-at.js';
import { CONSOLE_OPTIONS } from '../tokens.js';
import { parseJsonText } from './json-text.js';
import { ProblemFilter } from './problem.filter.js';
import { MAX_BODY_BYTES, readBody, type ReadBody } from './read-body.js';
import { CONSOLE_ROUTES, type ConsoleRoute } from './routes.js';

type Next = (error?: unknown) => void;

interface FastifyRoute {
  url: string;
  method: string | string[];
  bodyLimit?: number;
  errorHandler?: (error: unknown, request: ConsoleRequest, reply: ConsoleReply) => void;
  preParsing?: (request: ConsoleRequest, reply: ConsoleReply, body: Readable) => Promise<Readable>;
}

/**
 * Reads the bodies of the console's own routes before the parsers of the app do, so that the same bounds and errors
 * apply on Express and on Fastify, whatever the app has set for itself. It touches no other route of the app.
 */
@Injectable()
export class BodyIntake {
  private routes: readonly (ConsoleRoute & { at: string; pattern: RegExp })[] = [];

  constructor(
    @Inject(CONSOLE_OPTIONS) private readonly options: ResolvedConsoleOptions,
    @Inject(CONSOLE_ROUTES) private readonly declared: readonly ConsoleRoute[],
    private readonly host: HttpAdapterHost,
    private readonly config: ApplicationConfig,
    private readonly filter: ProblemFilter,
  ) {
    // Nest adds the parsers of the app to Express when it starts. An adapter that comes later, as in its testing module,
    // is told of by Nest 12 only; there the guard looks at what the parsers have read.
    if (host.httpAdapter) this.readFirst();
    else (host.init$ as Observable<void> | undefined)?.subscribe(() => this.readFirst());
  }

  /** To be called when the global prefix is known, and before routes are laid, since Fastify tells of each only once. */
  layRoutes(): void {
    const base = servedAt(this.config, this.options.path);
    this.routes = this.declared.map((route) => {
      const at = `${base}${route.path}`;
      const pattern = new RegExp(`^${at.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}/?(?:\\?|$)`, 'i');
      return { ...route, at, pattern };
    });
    if (this.host.httpAdapter?.getType() === 'fastify') this.hookIntoFastify();
  }

  /** Behind the routes of Express: what it cannot decode of a path of ours. */
  answerErrors(): void {
    const { httpAdapter } = this.host;
    if (httpAdapter?.getType() !== 'express') return;
    // Express knows an error handler by its four parameters.
    httpAdapter.use((error: unknown, request: ConsoleRequest, reply: ConsoleReply, next: Next) => {
      if (this.find(request)) this.filter.answer(error, request, reply);
      else next(error);
    });
  }

  private readFirst(): void {
    const { httpAdapter } = this.host;
    if (httpAdapter?.getType() !== 'express') return;
    httpAdapter.use((request: ConsoleRequest, reply: ConsoleReply, next: Next) => {
      this.take(request).then(
        () => next(),
        (error: unknown) => this.filter.answer(error, request, reply),
      );
    });
  }

  private async take(request: ConsoleRequest): Promise<void> {
    const route = this.find(request);
    if (route) await this.read(route, request, request as unknown as Readable);
  }

  private find({ method, url }: ConsoleRequest): ConsoleRoute | undefined {
    return this.routes.find((route) => route.method === method && route.pattern.test(url));
  }

  /** Reads what announces itself as JSON; the guard refuses the rest. @returns null: nothing was there to be read */
  private async read(route: ConsoleRoute, request: ConsoleRequest, stream: Readable): Promise<ReadBody | null> {
    const { headers } = request;
    // Whoever has read it before us has put it there: the guard looks at it.
    if (request.body !== undefined || !announcesJson(headers)) return null;
    if (!hasBody(headers) && !route.body) {
      // Many clients name a type where they send nothing, which Fastify refuses.
      delete headers['content-type'];
      return null;
    }
    const body = await readBody(stream, headers, this.options.requestTimeout);
    request.body = parseJsonText(body.text);
    request.bodyRead = true;
    return body;
  }

  private hookIntoFastify(): void {
    const fastify = this.host.httpAdapter.getInstance<{
      addHook: (name: 'onRoute', hook: (route: FastifyRoute) => void) => void;
    }>();
    fastify.addHook('onRoute', (route) => {
      const ours = this.routes.find(({ method, at }) => [route.method].flat().includes(method) && at === route.url);
      if (!ours) return;
      route.bodyLimit = MAX_BODY_BYTES;
      route.errorHandler = (error, request, reply) => this.filter.answer(error, request, reply);
      if (ours.method === 'GET') return;
      route.preParsing = async (request, _reply, stream) => {
        const body = await this.read(ours, request, stream);
        if (!body) return stream;
        // Fastify parses it again, and compares the length with the one announced.
        return Object.assign(Readable.from([Buffer.from(body.text)]), { receivedEncodedLength: body.received });
      };
    });
  }
}
