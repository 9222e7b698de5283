import { join, sep } from 'node:path';
import { driverInUse } from '../connection/open-client.js';

const NAME = 'ioredis';

/**
 * The file of ioredis that this process has loaded, or one that it could load.
 * @throws Error if there is none: it is inside a bundle
 */
export function findDriverFile(): string {
  // Not imported: webpack replaces a createRequire that it sees by one that knows of the bundle only.
  const { createRequire } = process.getBuiltinModule('node:module');
  const here = join(process.cwd(), 'index.js');
  const { cache } = createRequire(here);
  const files = Object.keys(cache).filter((file) => file.includes(`${sep}${NAME}${sep}`));
  const loaded = files.find((file) => isInUse(cache[file]?.exports));
  if (loaded !== undefined) return loaded;
  for (const from of [process.argv[1], here]) {
    try {
      if (from !== undefined) return createRequire(from).resolve(NAME);
    } catch {
      // Not installed there.
    }
  }
  throw new Error(`${NAME} is inside a bundle, where a thread cannot load it; make it external and install it`);
}

function isInUse(exported: unknown): boolean {
  // Of the files of the package, the one that exports all of it.
  const { Redis, Cluster } = (exported ?? {}) as { Redis?: unknown; Cluster?: unknown };
  const driver = driverInUse();
  return driver !== null && Redis === driver.Redis && Cluster === driver.Cluster;
}
