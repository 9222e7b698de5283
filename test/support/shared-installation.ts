import { watch } from 'node:fs';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Installation } from './link-packages.js';
import { run } from './run-program.js';

const INSTALL = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
const LIMIT_MS = 240_000;

/**
 * Packages that npm installs once for all suites: the first that asks runs npm, the others wait for it.
 * @param name of the folder; the same for the same `declared`
 * @throws Error if npm fails, in each suite
 */
export async function sharedInstallation(
  name: string,
  declared: Readonly<Record<string, string>>,
): Promise<Installation> {
  const folder = join(process.env['PACKED_FOLDER']!, name);
  const [installed, failed] = [`${folder}.installed`, `${folder}.failed`];
  try {
    await mkdir(folder);
  } catch {
    await untilExists([installed, failed]);
    if (await exists(failed)) throw new Error(await readFile(failed, 'utf8'));
    return { folder, declared };
  }
  try {
    await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: declared }, null, 2));
    await run('npm', INSTALL, folder, LIMIT_MS);
    await writeFile(installed, '');
  } catch (error) {
    await writeFile(`${failed}.partial`, String(error));
    await rename(`${failed}.partial`, failed);
    throw error;
  }
  return { folder, declared };
}

/** Waits until one of some files of a folder exists. */
async function untilExists(paths: readonly string[]): Promise<void> {
  const existing = async (): Promise<boolean> => (await Promise.all(paths.map(exists))).includes(true);
  const watcher = watch(dirname(paths[0]!));
  try {
    await new Promise<void>((resolve, reject) => {
      const look = (): void => void existing().then((found) => found && resolve(), reject);
      watcher.on('change', look).on('error', reject);
      look();
    });
  } finally {
    watcher.close();
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
