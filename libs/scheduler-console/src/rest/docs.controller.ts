import { Controller, Get, Inject } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import type { ResolvedConsoleOptions } from '../resolve-options.js';
import { servedAt } from '../served-at.js';
import { CONSOLE_OPTIONS } from '../tokens.js';
import { openApiOf } from './openapi.js';
import { Operation } from './operation.decorator.js';
import { CONSOLE_ROUTES, type ConsoleRoute } from './routes.js';

/** The OpenAPI document, for authenticated callers. */
@Controller('api/docs')
export class DocsController {
  private document: object | null = null;

  constructor(
    @Inject(CONSOLE_OPTIONS) private readonly options: ResolvedConsoleOptions,
    @Inject(CONSOLE_ROUTES) private readonly routes: readonly ConsoleRoute[],
    private readonly config: ApplicationConfig,
  ) {}

  @Get()
  @Operation({ summary: 'The OpenAPI document.' })
  getDocs() {
    return this.getDocument();
  }

  @Get('openapi.json')
  @Operation({ summary: 'The OpenAPI document.' })
  getDocument() {
    return (this.document ??= openApiOf(this.routes, servedAt(this.config, this.options.path)));
  }
}
