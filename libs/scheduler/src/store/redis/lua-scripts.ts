import { createHash } from 'node:crypto';
import type { ScriptLibrary, ScriptSource } from './connection/script-source.js';
import { luaTexts } from './lua-texts.js';

const COMMAND = /^commands\/(\w+)\.lua$/;
const INCLUDE = /^-- @include (\w+)$/gm;
/** The function of a module that resets its variables: a library keeps variables between calls. */
const BEGIN = /^function (\w+\.begin)\(\)$/m;
/** A function and the module that has it. */
const FUNCTION_OF = /^function (\w+)[.:]/gm;
/** How a module becomes a table of the engine. */
const TABLE = /^(tables\.\w+) = \w+$/m;
/** Modules that a verb begins at once; the others begin at their first use in a call, see `beginsLazily`. */
const BEGUN_FIRST = ['keys', 'context', 'tables'];
const DIGEST_LENGTH = 16;
const DIGEST = '<digest>';

type Texts = ReturnType<typeof luaTexts>;

let loaded: ScriptLibrary | null = null;

/** The library, and every verb also as a script; built once. */
export function luaScripts(): ScriptLibrary {
  return (loaded ??= scriptsOf(luaTexts()));
}

/** The same with only these verbs as scripts, for a thread, to which data is copied. */
export function scriptsFor(verbs: readonly string[]): ScriptLibrary {
  const { scripts, ...library } = luaScripts();
  return { ...library, scripts: new Map(verbs.map((name) => [name, scripts.get(name)!])) };
}

/** @param texts see `luaTexts` */
export function scriptsOf(texts: Texts): ScriptLibrary {
  const names = Object.keys(texts).flatMap((path) => COMMAND.exec(path)?.[1] ?? []);
  const library = libraryOf(names, texts);
  const digest = sha1(library).slice(0, DIGEST_LENGTH);
  return {
    name: `scheduler_${digest}`,
    text: library.replaceAll(DIGEST, digest),
    scripts: new Map(names.map((name) => [name, scriptOf(name, `${digest}_${name}`, texts)])),
  };
}

interface Verb {
  /** Script flags of Redis. Keys in other slots are always refused. */
  flags: string[];
  body: string;
}

function verbOf(name: string, texts: Texts): Verb {
  const [first = '', ...lines] = texts[`commands/${name}.lua`]!.split('\n');
  if (!first.startsWith('#!lua')) return { flags: [], body: [first, ...lines].join('\n') };
  return { flags: /flags=(\S+)/.exec(first)?.[1]?.split(',') ?? [], body: lines.join('\n') };
}

/** A verb as a script. Its text is built on demand, since only servers without functions need it. */
function scriptOf(name: string, functionName: string, texts: Texts): ScriptSource {
  let text: string | undefined;
  let sha: string | undefined;
  return {
    name,
    function: functionName,
    readOnly: verbOf(name, texts).flags.includes('no-writes'),
    get text() {
      return (text ??= scriptTextOf(name, texts));
    },
    get sha() {
      return (sha ??= sha1(this.text));
    },
  };
}

/** The text of a script: the modules that it uses, then its body; all of it is defined at each call. */
function scriptTextOf(name: string, texts: Texts): string {
  const { flags, body } = verbOf(name, texts);
  const included = new Set<string>();
  const resolved = resolve(body, texts, included, (include, text) => `${text}\n${beginOf(include, texts)}`);
  const shared = texts['library.lua']!.replaceAll(INCLUDE, '');
  return [
    `#!lua${flags.length > 0 ? ` flags=${flags.join(',')}` : ''}`,
    compact([declare(included), shared, resolved].join('\n')),
  ].join('\n');
}

/** The Lua globals that the sources use: access to locals is faster. */
const GLOBALS =
  'redis, string, table, math, cjson, cmsgpack, tonumber, tostring, ipairs, pairs, type, pcall, error, unpack, select, setmetatable';

/**
 * `lazily` replaces a module by a table that begins the module at its first use and then puts it back. `endCall` does the
 * same again with the modules that the last call has used.
 */
const LAZILY = `
local usedModules = {}
local function lazily(name, module, put)
  local begin, unused = module.begin, {}
  local function use()
    put(module)
    isUnused[name] = nil
    usedModules[#usedModules + 1] = function()
      put(unused)
      isUnused[name] = true
    end
    begin()
    return module
  end
  setmetatable(unused, {
    __index = function(_, field) return use()[field] end,
    __newindex = function(_, field, value) use()[field] = value end,
  })
  put(unused)
  isUnused[name] = true
end
local function endCall()
  for i = #usedModules, 1, -1 do
    usedModules[i]()
    usedModules[i] = nil
  end
end`;

/** A verb that fails returns the code `FAILED`, since `ERR` is Redis's reply to a call of a missing function. */
const RUN = `return function(verb, keys, args)
endCall()
local isDone, reply = pcall(verbs[verb], keys, args)
if isDone or (type(reply) == 'table' and not string.find(reply.err, '^ERR')) then
return reply
end
return redis.error_reply('FAILED ' .. (type(reply) == 'table' and reply.err or reply))
end`;

/** `idle` returns the seconds since the newest call of a verb that earlier calls of `idle` noticed, see `deleteOldLibraries`. */
const REGISTER = `
local calls, seen, since = 0, -1, 0
local function register(verb, flags)
  redis.register_function{ function_name = '${DIGEST}_' .. verb, flags = flags, callback = function(keys, args)
    calls = calls + 1
    run = run or define()
    return run(verb, keys, args)
  end }
end
redis.register_function{ function_name = '${DIGEST}_idle', flags = { 'no-writes' }, callback = function()
  local now = tonumber(redis.call('TIME')[1])
  if calls ~= seen then
    seen, since = calls, now
  end
  return now - since
end }`;

/**
 * All modules, then a function for each verb. While a library is loaded it has no access to Lua's globals, so the first call
 * defines everything.
 */
function libraryOf(names: readonly string[], texts: Texts): string {
  const shared = new Set<string>();
  const includes = resolve(texts['library.lua']!, texts, shared, (_, text) => text);
  const verbs = names.map((name) => ({ name, ...verbOf(name, texts) }));
  return [
    `#!lua name=scheduler_${DIGEST}`,
    'local run',
    'local function define()',
    `local ${GLOBALS} = ${GLOBALS}`,
    'local KEYS, ARGV',
    declare(shared),
    compact(includes),
    compact(LAZILY),
    ...[...shared].flatMap((module) => lazily(module, texts)),
    'local verbs = {}',
    ...verbs.map(({ name, body }) => compact(functionOf(name, body, texts, shared))),
    RUN,
    'end',
    compact(REGISTER),
    ...verbs.map(({ name, flags }) => `register('${name}', { ${flags.map((flag) => `'${flag}'`).join(', ')} })`),
  ].join('\n');
}

function functionOf(name: string, body: string, texts: Texts, shared: ReadonlySet<string>): string {
  const included = new Set<string>();
  const calls = body.replace(INCLUDE, (_line, include: string) => {
    const includes = includesOf(include, texts, included);
    const unknown = includes.find((each) => !shared.has(each));
    if (unknown !== undefined) throw new Error(`library.lua does not include '${unknown}', which '${name}' uses`);
    return includes.flatMap((each) => (beginsLazily(each, texts) ? [] : beginOf(each, texts))).join('\n');
  });
  return `function verbs.${name}(keys_, args_)\nKEYS, ARGV = keys_, args_\n${calls}\nend`;
}

/** The text of a module; that of the engine is generated. */
function sourceOf(module: string, texts: Texts): string {
  return (texts[`includes/${module}.lua`] ?? texts[`fast/${module}.lua`] ?? texts[`${module}.lua`])!;
}

/** Declares the tables of all modules before their functions, since modules call each other. */
function declare(modules: ReadonlySet<string>): string {
  if (modules.size === 0) return '';
  return `local ${[...modules].join(', ')} = ${[...modules].map(() => '{}').join(', ')}`;
}

/** Wraps a module in a block, so the locals of its file stay local; a function has at most 200 locals. */
function moduleOf(name: string, text: string): string {
  return `do\n${text.replace(new RegExp(`^local ${name} = `, 'm'), `${name} = `)}\nend`;
}

/** The call of a module's `begin` function. If `context.begin` returns a reply, the verb ends. */
function beginOf(include: string, texts: Texts): string {
  const begin = BEGIN.exec(sourceOf(include, texts))?.[1];
  if (begin === undefined) return '';
  return begin === 'context.begin' ? `do local over = ${begin}() if over then return over end end` : `${begin}()`;
}

/**
 * Whether a module has variables to reset, and may do so at its first use: this is noticed only at uses by its own name, so it
 * may not have functions of other modules.
 */
function beginsLazily(module: string, texts: Texts): boolean {
  const source = sourceOf(module, texts);
  return (
    BEGIN.test(source) &&
    !BEGUN_FIRST.includes(module) &&
    [...source.matchAll(FUNCTION_OF)].every(([, owner]) => owner === module)
  );
}

/** The text that makes such a module begin at its first use. */
function lazily(module: string, texts: Texts): string[] {
  if (!beginsLazily(module, texts)) return [];
  const source = sourceOf(module, texts);
  const table = TABLE.exec(source)?.[1];
  const names = table === undefined ? module : `${module}, ${table}`;
  const values = table === undefined ? 'm' : 'm, m';
  return [`lazily('${module}', ${module}, function(m) ${names} = ${values} end)`];
}

/** Replaces the first include of each module by the result of `use`, and removes repeated includes. */
function resolve(
  source: string,
  texts: Texts,
  included: Set<string>,
  use: (include: string, text: string) => string,
): string {
  return source.replace(INCLUDE, (_line, name: string) => {
    if (included.has(name)) return '';
    included.add(name);
    return use(name, moduleOf(name, resolve(sourceOf(name, texts), texts, included, use)));
  });
}

/** A module after the modules that it includes, without those already included. */
function includesOf(include: string, texts: Texts, included: Set<string>): string[] {
  if (included.has(include)) return [];
  included.add(include);
  const nested = sourceOf(include, texts).matchAll(INCLUDE);
  return [...[...nested].flatMap(([, name]) => includesOf(name!, texts, included)), include];
}

/** Removes comments and indents, since every server stores the text. */
function compact(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('--'))
    .join('\n');
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
