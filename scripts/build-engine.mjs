/**
 * `node scripts/build-engine.mjs`: compiles libs/scheduler/src/engine to Lua, for the function library of Redis, and the
 * constants that both languages use. The result is committed; `--check` fails where it is not what the sources give.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { LuaLibImportKind, LuaTarget, transpileFiles } from 'typescript-to-lua';

const SOURCES = fileURLToPath(new URL('../libs/scheduler/src/', import.meta.url));
const LUA = join(SOURCES, 'store/redis/lua');
/** Modules of constants: each is a file of Lua. */
const CONSTANTS = { limits: 'core/limits.ts', codes: 'store/redis/codec/codes.ts' };
/** How the compiler imports a module: its variable, the file's name. */
const REQUIRE = /^local (\S+) = require\("(?:.*[./])?([\w-]+)"\)$\n?/gm;
const headerOf = (path) => `-- Generated from libs/scheduler/src/${path} by \`npm run build:engine\`. Do not edit.\n`;

/** @returns {Record<string, string>} texts by the names of their files */
export function compileEngine() {
  const engine = readdirSync(join(SOURCES, 'engine'))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
    .map((name) => join(SOURCES, 'engine', name));
  const constants = Object.values(CONSTANTS).map((path) => join(SOURCES, path));
  const modules = inOrder(compile([...constants, ...engine]));
  const texts = {};
  for (const [name, path] of Object.entries(CONSTANTS)) {
    const { text } = modules.find((each) => each.name === name);
    texts[`${name}.lua`] = [headerOf(path), `local ${name} = {}`, bodyOf({ name, text, uses: [] }, name), ''].join(
      '\n',
    );
  }
  const parts = modules.filter(({ name }) => !(name in CONSTANTS));
  const tables = parts.map(({ name }) => `${name} = {}`).join(', ');
  texts['engine.lua'] = [headerOf('engine'), `local engine = { ${tables} }\n`, ...parts.map(textOf)].join('\n');
  return texts;
}

/** @returns {{ name: string, text: string, uses: { alias: string, name: string }[] }[]} the modules that have code */
function compile(files) {
  const modules = [];
  const { diagnostics } = transpileFiles(
    files,
    {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      lib: ['lib.es2023.d.ts'],
      types: [],
      strict: true,
      noUncheckedIndexedAccess: true,
      noImplicitSelf: true,
      luaTarget: LuaTarget.Lua51,
      luaLibImport: LuaLibImportKind.None,
      noHeader: true,
      rootDir: SOURCES,
      // What files of core import, of which the engine has types only.
      noResolvePaths: ['node:*', 'ms'],
      luaPlugins: [{ plugin: { moduleResolution: (path) => path.replace(/\.js$/, '') } }],
    },
    (path, text) => {
      // Of other files of core, the engine has types only.
      if (!/\/(engine\/[\w-]+|core\/limits|codec\/codes)\.lua$/.test(path)) return;
      const uses = [...text.matchAll(REQUIRE)].map(([, alias, file]) => ({ alias, name: nameOf(file) }));
      modules.push({ name: nameOf(basename(path, '.lua')), text, uses });
    },
  );
  const errors = diagnostics.filter(({ file }) => file === undefined || files.includes(file.fileName));
  if (errors.length > 0) throw new Error(ts.formatDiagnostics(errors, host));
  return modules.filter(({ text }) => text.includes('____exports.'));
}

const host = {
  getCurrentDirectory: () => SOURCES,
  getCanonicalFileName: (name) => name,
  getNewLine: () => '\n',
};

/** Each module after those that it uses. */
function inOrder(modules) {
  const ordered = [];
  const visit = (module, path) => {
    if (ordered.includes(module)) return;
    if (path.includes(module.name)) throw new Error(`the modules ${[...path, module.name].join(' → ')} use each other`);
    for (const { name } of module.uses) {
      const used = modules.find((each) => each.name === name);
      if (!used) throw new Error(`${module.name} uses ${name}, which is not part of the engine`);
      visit(used, [...path, module.name]);
    }
    ordered.push(module);
  };
  for (const module of modules.sort((a, b) => (a.name < b.name ? -1 : 1))) visit(module, []);
  return ordered;
}

/** A block in which the module's exports are in its table. */
function textOf(module) {
  return `do\nlocal exports = engine.${module.name}\n${bodyOf(module, 'exports')}\nend\n`;
}

function tableOf(name) {
  return name in CONSTANTS ? name : `engine.${name}`;
}

/** @param exports the variable that has the module's exports */
function bodyOf({ text, uses }, exports) {
  const names = new Map(uses.map(({ alias, name }) => [alias, tableOf(name)]));
  return text
    .replace(REQUIRE, (_, alias, file) =>
      alias.startsWith('____') ? '' : `local ${alias} = ${tableOf(nameOf(file))}\n`,
    )
    .replace(/^local ____exports = \{\}$/m, '')
    .replace(/^return ____exports$/m, '')
    .replace(/____exports/g, exports)
    .replace(/____\w+/g, (alias) => names.get(alias) ?? alias)
    .trim();
}

/** lock-handles: lockHandles */
function nameOf(file) {
  return file.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of Object.entries(compileEngine())) {
    if (!process.argv.includes('--check')) writeFileSync(join(LUA, name), text);
    else if (readFileSync(join(LUA, name), 'utf8') !== text) {
      process.stderr.write(`${name} is not what its sources give: run npm run build:engine\n`);
      process.exitCode = 1;
    }
  }
}
