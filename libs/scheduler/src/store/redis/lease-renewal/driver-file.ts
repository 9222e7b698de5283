import { join, sep } from 'node:path';
import { driverInUse } from '../connection/open-client.js';

const NAME = 'ioredis';

/**
 * @returns the file of ioredis that this process has loaded, or could load
 * @throws Error if there is none, since ioredis is inside a bundle
 */
export function findDriverFile(): string {
  // Not imported: webpack would replace an imported createRequire by one that only knows the bundle.
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
      // It is not installed there.
    }
  }
  throw new Error(`${NAME} is inside a bundle, where a thread cannot load it; make it external and install it`);
}

function isInUse(exported: unknown): boolean {
  // The file of the package that exports everything.
  const { Redis, Cluster } = (exported ?? {}) as { Redis?: unknown; Cluster?: unknown };
  const driver = driverInUse();
  return driver !== null && Redis === driver.Redis && Cluster === driver.Cluster;
}
