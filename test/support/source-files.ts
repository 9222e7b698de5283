import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Files under a folder by how their names end, as paths from the repository; build products left out. */
export function filesUnder(folder: string, ending: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return ['dist', 'ui-dist', 'node_modules', 'generated', 'cache'].includes(entry.name)
        ? []
        : filesUnder(path, ending);
    return path.endsWith(ending) ? [path] : [];
  });
}

/** The code of the library as it is published: without its specs. */
export function librarySources(): string[] {
  return filesUnder('libs/scheduler/src', '.ts').filter((path) => !path.endsWith('.spec.ts'));
}
