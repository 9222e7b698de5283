/**
 * Compiles TypeScript as the build does, each file by itself: types are checked by `npm run check`. Jest keeps a cache
 * for each project; this one is of all projects, so that a cold run compiles a file once.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';

const load = createRequire(import.meta.url);
const CONFIG = new URL('../../tsconfig.json', import.meta.url);
const { compilerOptions } = JSON.parse(readFileSync(CONFIG, 'utf8'));
/** Without comments there is a third less for each suite to read and parse. */
const OPTIONS = { ...compilerOptions, module: 'esnext', sourceMap: true, inlineSources: true, removeComments: true };
const VERSION = `${load('typescript/package.json').version} ${JSON.stringify(OPTIONS)}`;

export default { getCacheKey: (source, path) => keyOf(source, path), process: transform };

function transform(source, path, { config }) {
  const folder = join(config.cacheDirectory, 'typescript');
  const file = join(folder, keyOf(source, path));
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    const compiled = compile(source, path);
    mkdirSync(folder, { recursive: true });
    // Another worker may read it.
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(compiled));
    renameSync(`${file}.${process.pid}`, file);
    return compiled;
  }
}

function compile(source, path) {
  // Loaded only where something has changed: it takes half a second.
  const ts = load('typescript');
  const { options } = ts.convertCompilerOptionsFromJson(OPTIONS, '.');
  const { outputText, sourceMapText } = ts.transpileModule(source, { compilerOptions: options, fileName: path });
  const map = JSON.parse(sourceMapText);
  return {
    code: outputText.replace(/^\/\/# sourceMappingURL=.*$/m, ''),
    map: { ...map, file: basename(path), sources: [path], sourceRoot: '' },
  };
}

function keyOf(source, path) {
  return createHash('sha256').update(`${VERSION}\0${path}\0${source}`).digest('hex');
}
