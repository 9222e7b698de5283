import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

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

/** The same folder from src/dashboard, from dist/dashboard and in the package. */
const FOLDER = new URL('../../ui-dist/', import.meta.url);

/**
 * The built pages by path, read once. Requests use only this map, never the disk, so no path can leave the folder.
 * @returns an empty map if they are not built
 */
export function readDashboardFiles(folder: string = fileURLToPath(FOLDER)): ReadonlyMap<string, DashboardFile> {
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  const served = names.filter((name) => Object.hasOwn(TYPES, extname(name)));
  return new Map(served.map((name) => [relative('.', name).split(sep).join('/'), read(join(folder, name))]));
}

function read(path: string): DashboardFile {
  const body = readFileSync(path);
  return {
    type: TYPES[extname(path)]!,
    body,
    gzip: gzipSync(body),
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`,
    immutable: path.split(sep).at(-2) === 'assets',
  };
}
