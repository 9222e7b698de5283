import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildLibrary } from '../support/built-library.js';
import { run } from '../support/run-program.js';

/** A process of an app that imports the library, then validates with class-validator itself. Prints what it saw. */
const PROGRAM = `
import 'reflect-metadata';
import { createRequire } from 'node:module';
const require = createRequire(process.argv[1]);
await import(process.argv[1]);
const loaded = (name) => Object.keys(require.cache).filter((path) => path.includes('/node_modules/' + name + '/')).length;
const before = { 'class-validator': loaded('class-validator'), validator: loaded('validator'), phones: loaded('libphonenumber-js') };

const { getMetadataStorage, IsEmail, validateSync } = await import('class-validator');
const files = await import('class-validator/cjs/metadata/MetadataStorage.js');
class Person {}
IsEmail()(Person.prototype, 'mail');
const wrong = validateSync(Object.assign(new Person(), { mail: 'none' })).map(({ property }) => property);
console.log(JSON.stringify({ before, wrong, same: getMetadataStorage() === files.getMetadataStorage() }));
`;

describe('the import of the library', () => {
  let library: ReturnType<typeof buildLibrary>;

  beforeAll(() => {
    library = buildLibrary('import-weight');
  });
  afterAll(() => library.remove());

  it('loads few files of class-validator, which an app may use itself', async () => {
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', PROGRAM, library.index], '.');
    const seen = JSON.parse(stdout) as { before: Record<string, number> };
    expect(seen).toEqual({
      before: { 'class-validator': expect.any(Number), validator: 0, phones: 0 },
      wrong: ['mail'],
      same: true,
    });
    expect(seen.before['class-validator']).toBeGreaterThan(0);
    expect(seen.before['class-validator']).toBeLessThan(30);
  });
});
