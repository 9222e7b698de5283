/**
 * `npm run docs`: builds the documentation site into docs/.vitepress/dist. A dead link or a warning fails it.
 * `npm run docs -- dev` serves it instead, and follows changes of docs/.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { COPIED, GENERATED, ROOT } from '../docs/.vitepress/pages.mjs';

const target = join(ROOT, GENERATED);
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
for (const [file, name] of Object.entries(COPIED)) copyFileSync(join(ROOT, file), join(target, `${name}.md`));
run('typedoc/bin/typedoc', '--options', 'docs/.vitepress/typedoc.json', '--treatWarningsAsErrors');
run('vitepress/bin/vitepress.js', process.argv[2] ?? 'build', 'docs');

function run(program, ...args) {
  const { status } = spawnSync(process.execPath, [join('node_modules', program), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
