/** Which file of the repository is which page of the site, and where links of a page lead. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Written by scripts/docs.mjs, not committed. */
export const GENERATED = 'docs/generated';

/** Pages whose text is outside of docs/: it is shown on a registry, or GitHub looks for it there. */
export const COPIED = {
  'libs/scheduler-console/README.md': 'console',
  'src/README.md': 'example-service',
  'CONTRIBUTING.md': 'contributing',
  'CHANGELOG.md': 'changelog',
  'UPGRADING.md': 'upgrading',
};

const { repository } = JSON.parse(readFileSync(join(ROOT, 'libs/scheduler/package.json'), 'utf8'));
/** Its address, or undefined until scripts/set-repository.mjs has set it. */
export const REPOSITORY = repository?.url.replace(/^git\+/, '').replace(/\.git$/, '');

/** The file of the repository that a page of the site is made from. @param page its path on the site */
function sourceOf(page) {
  const copied = Object.entries(COPIED).find(([, name]) => page === `${name}.md`);
  if (copied !== undefined) return copied[0];
  return page.startsWith('api/') ? `${GENERATED}/${page}` : `docs/${page}`;
}

/** The address on the site of a file of the repository, or null if it is not a page. */
function addressOf(file) {
  if (Object.hasOwn(COPIED, file)) return `/${COPIED[file]}`;
  if (file === 'README.md') return '/';
  if (!file.startsWith('docs/') || !file.endsWith('.md')) return null;
  return file
    .slice('docs'.length)
    .replace(/^\/generated\//, '/')
    .replace(/(index)?\.md$/, '');
}

/**
 * @param link as it is written, to a file beside the page's source
 * @param page its path on the site
 * @returns the address of a page of the site, or of the file in the repository (null while its address is unknown); a link
 * to nothing stays as it is, so that it is found as a dead one
 */
export function resolveLink(link, page) {
  if (/^([a-z]+:|#|\/)/.test(link)) return link;
  const [path, anchor] = link.split('#');
  const file = posix.normalize(posix.join(posix.dirname(sourceOf(page)), decodeURI(path))).replace(/\/$/, '');
  const address = addressOf(file);
  const suffix = anchor === undefined ? '' : `#${anchor}`;
  if (address !== null) return address + suffix;
  if (file.startsWith('..') || !existsSync(join(ROOT, file))) return link;
  if (REPOSITORY === undefined) return null;
  return `${REPOSITORY}/${/\.[a-z]+$/.test(file) ? 'blob' : 'tree'}/main/${file}${suffix}`;
}

/** The pages below a folder of docs/ with their titles, in the order of their names. */
export function pagesIn(folder) {
  const names = readdirSync(join(ROOT, 'docs', folder)).filter((name) => name.endsWith('.md') && name !== 'index.md');
  return names.sort().map((name) => page(`${folder}/${name.replace(/\.md$/, '')}`));
}

/** A page of docs/ by its path without ending, under its own heading. */
export function page(path) {
  const [, title] = /^# (.+)$/m.exec(readFileSync(join(ROOT, 'docs', `${path}.md`), 'utf8'));
  return { text: title.replaceAll('`', ''), link: `/${path.replace(/^generated\//, '')}` };
}

/** The generated reference of a package: a group for each kind of its exports. */
export function reference(name) {
  const folder = `generated/api/${name}`;
  const kinds = ['classes', 'functions', 'interfaces', 'type-aliases', 'variables'].filter((kind) =>
    existsSync(join(ROOT, 'docs', folder, kind)),
  );
  return {
    text: name,
    link: `/api/${name}/`,
    collapsed: true,
    items: kinds.map((kind) => ({
      text: kind.replace('-', ' '),
      collapsed: true,
      items: pagesIn(`${folder}/${kind}`).map(({ text, link }) => ({
        text: text.replace(/^[A-Z][a-z ]+: /i, ''),
        link,
      })),
    })),
  };
}
