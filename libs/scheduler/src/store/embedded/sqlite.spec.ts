import { expect, it } from '@jest/globals';
import { MissingDependencyError } from '../../core/errors.js';
import { loadSqlite, type OpenSqlite } from './sqlite.js';

const DatabaseSync = class {} as unknown as OpenSqlite;
const failing = (code: string, message: string) => () => Promise.reject(Object.assign(new Error(message), { code }));

it('is the package, or the module of Node', async () => {
  const builtin = { DatabaseSync };
  const own = class {} as unknown as OpenSqlite;
  expect(await loadSqlite(() => Promise.resolve({ DatabaseSync: own }), builtin)).toBe(own);
  expect(await loadSqlite(failing('ERR_MODULE_NOT_FOUND', "'@photostructure/sqlite'"), builtin)).toBe(DatabaseSync);
});

it.each([
  ['ERR_MODULE_NOT_FOUND', "Cannot find package '@photostructure/sqlite' imported from /app/bundle.mjs"],
  ['MODULE_NOT_FOUND', "Cannot find module '@photostructure/sqlite'\nRequire stack:\n- /app/bundle.cjs"],
])('reports what to install if neither is there: %s', async (code, message) => {
  const error = await loadSqlite(failing(code, message), null).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MissingDependencyError);
  expect((error as Error).message).toMatch(/: npm install @photostructure\/sqlite$/);
});

it.each([
  ['', 'No native build was found for platform=linux arch=x64 runtime=node abi=115\n    loaded from: /app'],
  ['ERR_DLOPEN_FAILED', 'libm.so.6: version `GLIBC_2.38` not found'],
  ['MODULE_NOT_FOUND', "Cannot find module 'node-gyp-build'"],
])('reports why the installed package does not load, code %j', async (code, message) => {
  await expect(loadSqlite(failing(code, message), null)).rejects.toThrow(
    `it does not load: ${message.split('\n', 1)[0]}; its native part must be installed on this platform`,
  );
});
