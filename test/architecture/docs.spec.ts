import { expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { documents } from '../support/documents.js';

/** Text outside of code. */
function prose(document: string): string {
  return readFileSync(document, 'utf8')
    .replaceAll(/^```[^]*?^```$/gm, '')
    .replaceAll(/`[^`\n]*`/g, '``');
}

/** What a heading is linked by, as GitHub makes it. */
function anchors(document: string): string[] {
  const text = readFileSync(document, 'utf8').replaceAll(/^```[^]*?^```$/gm, '');
  return [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) =>
    heading!
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

it('every link between the documents has a target', () => {
  const broken = documents().flatMap((document) => {
    const links = [...prose(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
    return links
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [path, anchor] = link.split('#') as [string, string | undefined];
        const target = path === '' ? document : normalize(join(dirname(document), path));
        return !existsSync(target) || (anchor !== undefined && !anchors(target).includes(anchor));
      })
      .map((link) => `${document}: ${link}`);
  });
  expect(broken).toEqual([]);
});

it('every npm script in a document exists', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const unknown = documents().flatMap((document) =>
    [...readFileSync(document, 'utf8').matchAll(/npm run ([a-z][\w:-]*)/g)]
      .map(([, script]) => script!)
      .filter((script) => !(script in scripts))
      .map((script) => `${document}: npm run ${script}`),
  );
  expect(unknown).toEqual([]);
});

it('the README has at most 150 lines', () => {
  expect(readFileSync('README.md', 'utf8').split('\n').length).toBeLessThanOrEqual(150);
});
