import {
  Controller,
  Get,
  Inject,
  NotFoundException,
  Req,
  Res,
  StreamableFile,
  VERSION_NEUTRAL,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { servedAt } from '../served-at.js';
import { readDashboardFiles, type DashboardFile } from './dashboard-files.js';

/** Allows only the files of the page: no inline script, no other host, no frame around it. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
};
const A_YEAR = 'public, max-age=31536000, immutable';

/** The common part of the requests of Express and Fastify. */
interface Request {
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * Serves the built pages at `<path>/dashboard/`. They contain no data and request none without a token, so everyone may
 * load them; the API authenticates its callers.
 */
export function dashboardController(path: string): Type {
  @Controller({ path, version: VERSION_NEUTRAL })
  class DashboardController implements OnModuleInit {
    private readonly files = readDashboardFiles();

    constructor(
      @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
      @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
    ) {}

    /** For Fastify an address with a trailing slash is a different one, and Nest removes the slash from its routes. */
    onModuleInit(): void {
      const adapter = this.host.httpAdapter;
      if (adapter?.getType() !== 'fastify') return;
      for (const folder of ['dashboard/', 'dashboard/assets/'])
        adapter.get(`${servedAt(this.config, path)}/${folder}`, (request: Request, response: unknown) =>
          this.file(request, response),
        );
    }

    @Get(['dashboard', 'dashboard/:file', 'dashboard/assets/:file'])
    file(@Req() request: Request, @Res() response: unknown): void {
      const url = String(this.host.httpAdapter.getRequestUrl(request)).split('?', 1)[0]!;
      const [, folder, name] = /\/(dashboard)(?:\/((?:assets\/)?[^/]*))?$/i.exec(url) ?? [];
      if (folder !== undefined && name === undefined) this.redirect(response, `${folder}/`);
      else this.send(request, response, name === '' ? 'index.html' : (name ?? url));
    }

    /**
     * The addresses in the page are relative, so its address must end with a slash. Relative as well: a proxy may add a
     * prefix.
     */
    private redirect(response: unknown, to: string): void {
      const adapter = this.host.httpAdapter;
      for (const [key, value] of Object.entries({ ...HEADERS, Location: to, 'Cache-Control': 'no-cache' }))
        adapter.setHeader(response, key, value);
      adapter.reply(response, '', 302);
    }

    private send(request: Request, response: unknown, name: string): void {
      const file = this.files.get(name);
      const adapter = this.host.httpAdapter;
      const headers = file === undefined ? { ...HEADERS, 'Cache-Control': 'no-store' } : headersOf(file);
      for (const [key, value] of Object.entries(headers)) adapter.setHeader(response, key, value);
      (response as { removeHeader(name: string): unknown }).removeHeader('X-Powered-By');
      if (file === undefined) throw new NotFoundException(this.files.size === 0 ? NOT_BUILT : 'No such file');
      if (request.headers['if-none-match'] === file.etag) {
        adapter.reply(response, '', 304);
        return;
      }
      const packed = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
      if (packed) adapter.setHeader(response, 'Content-Encoding', 'gzip');
      const body = packed ? file.gzip : file.body;
      adapter.reply(response, new StreamableFile(body, { type: file.type, length: body.length }), 200);
    }
  }
  return DashboardController;
}

const NOT_BUILT = 'The dashboard is not built: run "npm run build:console"';

function headersOf({ type, etag, immutable }: DashboardFile): Record<string, string> {
  return {
    ...HEADERS,
    'Content-Type': type,
    'Cache-Control': immutable ? A_YEAR : 'no-cache',
    ETag: etag,
    Vary: 'Accept-Encoding',
  };
}
