/**
 * `node scripts/set-repository.mjs https://github.com/OWNER/NAME`: writes the address of the public repository into each
 * package.json as `repository`, `homepage` and `bugs`. It is known nowhere else.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { manifestsOf } from './manifests.mjs';

const AFTER = 'license';

/**
 * @param {string} address of a repository, https
 * @param {string} root folder of the repository
 */
export function setRepository(address, root) {
  const url = new URL(address).href.replace(/(\/|\.git)$/, '');
  if (!url.startsWith('https://')) throw new Error(`not an https address: ${address}`);
  for (const path of manifestsOf(root)) {
    const file = join(root, path);
    const directory = path === 'package.json' ? '' : dirname(path);
    const fields = {
      homepage: `${url}#readme`,
      bugs: { url: `${url}/issues` },
      repository: { type: 'git', url: `git+${url}.git`, ...(directory && { directory }) },
    };
    const { homepage: _h, bugs: _b, repository: _r, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
    const entries = Object.entries(rest).flatMap((entry) =>
      entry[0] === AFTER ? [entry, ...Object.entries(fields)] : [entry],
    );
    writeFileSync(file, `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  setRepository(process.argv[2], fileURLToPath(new URL('..', import.meta.url)));
