import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { filesUnder } from '../support/source-files.js';

/** Path and text of what is shipped, by how the names end. */
const sources = (ending: string): [string, string][] =>
  ['libs/scheduler/src', 'libs/scheduler-console/src', 'src']
    .flatMap((folder) => filesUnder(folder, ending))
    .filter((path) => !path.endsWith('.spec.ts'))
    .map((path) => [path, readFileSync(path, 'utf8')]);

const pathsWith = (ending: string, pattern: RegExp): string[] =>
  sources(ending).flatMap(([path, text]) => (pattern.test(text) ? [path] : []));

it('no code is generated from text, and no module is imported by a computed name', () => {
  expect(
    pathsWith(
      '.ts',
      /(?<![.\w])eval\s*\(|\bnew Function\b|\bfrom ['"](node:)?vm['"]|(?:await|return|=>|=)\s*import\s*\((?!\s*['"])/,
    ),
  ).toEqual([]);
  expect(pathsWith('.lua', /\b(load|loadstring|dofile|setfenv)\s*\(/)).toEqual([]);
});

it('a thread runs only a text of the build', () => {
  const threads = sources('.ts').flatMap(([path, text]) =>
    [...text.matchAll(/new Worker\(([^,)]*)/g)].map(([, program]) => [path, program]),
  );
  expect(threads).toEqual([['libs/scheduler/src/store/redis/lease-renewal/lease-renewer.ts', 'THREAD_CODE']]);
});

it('scripts are sent to Redis unchanged: input is passed as arguments', () => {
  const sent = sources('.ts').flatMap(([path, text]) =>
    [...text.matchAll(/\.(?:eval|evalsha)\s*\(\s*([^,)]*)/g)].map(([, script]) => ({ path, text, script: script! })),
  );
  expect(sent).not.toEqual([]);
  for (const { path, text, script } of sent) {
    const constant = new RegExp(`^const ${script} = \`([^\`]*)\`;$`, 'm').exec(text)?.[1];
    expect([path, script, constant?.includes('${')]).toEqual([path, script, false]);
  }
});

it('a Lua call unpacks a list only through the helper that splits it: more than 8,000 values fail', () => {
  const chunks = sources('.lua').filter(([path]) => path.endsWith('/chunks.lua'));
  expect(chunks).toHaveLength(1);
  const unpacking = sources('.lua').flatMap(([path, text]) =>
    /(?<![.\w])(?:table\.)?unpack\s*\(/.test(text.replaceAll(/--.*$/gm, '')) ? [path] : [],
  );
  expect(unpacking).toEqual(chunks.map(([path]) => path));
});
