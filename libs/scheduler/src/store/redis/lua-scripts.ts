import { createHash } from 'node:crypto';
import type { ScriptLibrary, ScriptSource } from './connection/script-source.js';
import { chunkOf, LuaModules, type Chunk, type LuaModule } from './lua-modules.js';
import { luaTexts } from './lua-texts.js';

const COMMAND = /^commands\/(\w+)\.lua$/;
const DIGEST_LENGTH = 16;
const DIGEST = '<digest>';

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
export function scriptsOf(texts: ReturnType<typeof luaTexts>): ScriptLibrary {
  const modules = new LuaModules(texts);
  const shared = chunkOf(texts['library.lua']!);
  const verbs = Object.entries(texts).flatMap(([path, text]) => {
    const name = COMMAND.exec(path)?.[1];
    return name === undefined ? [] : [{ name, ...chunkOf(text) }];
  });
  const library = libraryOf(verbs, shared, modules);
  const digest = sha1(library).slice(0, DIGEST_LENGTH);
  const scriptText = (verb: Verb): string => scriptTextOf(verb, shared, modules);
  return {
    name: `scheduler_${digest}`,
    text: library.replaceAll(DIGEST, digest),
    scripts: new Map(verbs.map((verb) => [verb.name, scriptOf(verb, `${digest}_${verb.name}`, scriptText)])),
  };
}

interface Verb extends Chunk {
  readonly name: string;
}

/** A verb as a script. Its text is built on demand, since only servers without functions need it. */
function scriptOf(verb: Verb, functionName: string, textOf: (verb: Verb) => string): ScriptSource {
  let text: string | undefined;
  let sha: string | undefined;
  return {
    name: verb.name,
    function: functionName,
    readOnly: verb.flags.includes('no-writes'),
    get text() {
      return (text ??= textOf(verb));
    },
    get sha() {
      return (sha ??= sha1(this.text));
    },
  };
}

/** The text of a script: the modules that it uses, then its body; all of it is defined at each call. */
function scriptTextOf(verb: Verb, shared: Chunk, modules: LuaModules): string {
  const included = new Set<string>();
  const resolved = resolve(verb, modules, included, ({ begin }) => [begin]);
  const flags = verb.flags.length > 0 ? ` flags=${verb.flags.join(',')}` : '';
  return joined([`#!lua${flags}`, declare(included), ...textsOf(shared), ...resolved]);
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
  local function putBack()
    put(unused)
    isUnused[name] = true
  end
  local function use()
    put(module)
    isUnused[name] = nil
    usedModules[#usedModules + 1] = putBack
    begin()
    return module
  end
  setmetatable(unused, {
    __index = function(_, field) return use()[field] end,
    __newindex = function(_, field, value) use()[field] = value end,
  })
  putBack()
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
function libraryOf(verbs: readonly Verb[], shared: Chunk, modules: LuaModules): string {
  const included = new Set<string>();
  const definitions = resolve(shared, modules, included, () => []);
  return joined([
    `#!lua name=scheduler_${DIGEST}`,
    'local run',
    'local function define()',
    `local ${GLOBALS} = ${GLOBALS}`,
    'local KEYS, ARGV',
    declare(included),
    ...definitions,
    ...textsOf(chunkOf(LAZILY)),
    ...[...included].map((name) => lazily(modules.get(name))),
    'local verbs = {}',
    ...verbs.flatMap((verb) => functionOf(verb, modules, included)),
    RUN,
    'end',
    ...textsOf(chunkOf(REGISTER)),
    ...verbs.map(({ name, flags }) => `register('${name}', { ${flags.map((flag) => `'${flag}'`).join(', ')} })`),
  ]);
}

function functionOf(verb: Verb, modules: LuaModules, shared: ReadonlySet<string>): string[] {
  const included = new Set<string>();
  const begin = (name: string): string => {
    if (!shared.has(name)) throw new Error(`library.lua does not include '${name}', which '${verb.name}' uses`);
    return modules.get(name).beginsLazily ? '' : modules.get(name).begin;
  };
  const calls = verb.parts.flatMap((part) =>
    'text' in part ? [part.text] : modules.includesOf(part.include, included).map(begin),
  );
  return [`function verbs.${verb.name}(keys_, args_)`, 'KEYS, ARGV = keys_, args_', ...calls, 'end'];
}

/** Declares the tables of all modules before their functions, since modules call each other. */
function declare(modules: ReadonlySet<string>): string {
  if (modules.size === 0) return '';
  return `local ${[...modules].join(', ')} = ${[...modules].map(() => '{}').join(', ')}`;
}

/** The text that makes a module begin at its first use, if it may. */
function lazily({ name, table, beginsLazily }: LuaModule): string {
  if (!beginsLazily) return '';
  const names = table === undefined ? name : `${name}, ${table}`;
  const values = table === undefined ? 'm' : 'm, m';
  return `lazily('${name}', ${name}, function(m) ${names} = ${values} end)`;
}

/**
 * Replaces the first include of each module by its text, then `after` of it, and removes repeated includes. A module is in a
 * block, so the locals of its file stay local; a function has at most 200 locals.
 */
function resolve(
  { parts }: Chunk,
  modules: LuaModules,
  included: Set<string>,
  after: (module: LuaModule) => string[],
): string[] {
  return parts.flatMap((part) => {
    if ('text' in part) return [part.text];
    if (included.has(part.include)) return [];
    included.add(part.include);
    const module = modules.get(part.include);
    return ['do', ...resolve(module, modules, included, after), 'end', ...after(module)];
  });
}

function textsOf({ parts }: Chunk): string[] {
  return parts.flatMap((part) => ('text' in part ? [part.text] : []));
}

function joined(lines: readonly string[]): string {
  return lines.filter((line) => line !== '').join('\n');
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
