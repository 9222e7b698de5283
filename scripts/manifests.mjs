import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** @param {string} root folder of the repository @returns {string[]} paths of each package.json, that of the repository first */
export function manifestsOf(root) {
  const packages = readdirSync(join(root, 'libs')).sort();
  const files = packages.map((name) => `libs/${name}/package.json`);
  return ['package.json', ...files.filter((file) => existsSync(join(root, file)))];
}
