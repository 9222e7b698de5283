import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { dashboardTexts } from './dashboard-texts.js';

export interface DashboardFile {
  type: string;
  body: Buffer;
  gzip: Buffer;
  etag: string;
  /** Its name changes with its content, so it may be cached forever. */
  immutable: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * The built pages by path. Requests use only this map, never the disk, so no path can leave the folder.
 * @returns an empty map if they are not built
 */
export function readDashboardFiles(): ReadonlyMap<string, DashboardFile> {
  return new Map(Object.entries(dashboardTexts()).map(([path, text]) => [path, toFile(path, text)]));
}

function toFile(path: string, text: string): DashboardFile {
  const body = Buffer.from(text);
  return {
    type: TYPES[extname(path)]!,
    body,
    gzip: gzipSync(body),
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`,
    immutable: path.startsWith('assets/'),
  };
}
