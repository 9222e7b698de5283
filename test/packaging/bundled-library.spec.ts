import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as sources from '../../libs/scheduler/src/index.js';
import { buildLibrary } from '../support/built-library.js';

/** Names of all exported functions and classes, by the names of their exports. */
const namesOf = (exports: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(exports).flatMap(([key, value]) =>
      typeof value === 'function' ? [[key, (value as { name: string }).name]] : [],
    ),
  );

describe('the library as it is published', () => {
  let library: ReturnType<typeof buildLibrary>;
  beforeAll(() => void (library = buildLibrary('bundled-library')));
  afterAll(() => library.remove());

  it('is loaded from few files', () => {
    const files = readdirSync(dirname(fileURLToPath(library.index)), { recursive: true }) as string[];
    expect(files.filter((file) => file.endsWith('.js')).sort()).toEqual([
      'index.js',
      expect.stringMatching(/^shared-\w+\.js$/),
      'testing/index.js',
    ]);
  });

  it('exports what the sources export, by the same names, which are in errors and logs', () => {
    const program = `import * as all from ${JSON.stringify(library.index)};
      const names = (${namesOf.toString()})(all);
      process.stdout.write(JSON.stringify(names));`;
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    expect(JSON.parse(printed)).toEqual(namesOf(sources));
  });
});
