import { readdirSync, readFileSync } from 'node:fs';

/** The same folder from src/dashboard and from a compiled dashboard/. */
const FOLDER = new URL('../../ui-dist/', import.meta.url);

/**
 * The built pages by path, such as 'assets/index.js'. Here they are read from their files; the build puts a module with
 * their texts in place of this one (scripts/embed-texts.mjs), so that the package and bundles of it need no files.
 * @returns an empty object if they are not built
 */
export function dashboardTexts(): Readonly<Record<string, string>> {
  let names: string[];
  try {
    names = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  const files = names.filter((name) => /\.(html|js|css|svg)$/.test(name)).map((name) => name.replaceAll('\\', '/'));
  return Object.fromEntries(files.map((name) => [name, readFileSync(new URL(name, FOLDER), 'utf8')]));
}
