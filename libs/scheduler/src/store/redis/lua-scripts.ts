import { createHash } from 'node:crypto';
import type { ScriptLibrary, ScriptSource } from './connection/script-source.js';
import { luaTexts } from './lua-texts.js';

const COMMAND = /^commands\/(\w+)\.lua$/;
const INCLUDE = /^-- @include (\w+)$/gm;
/** The function that an include calls at each call: between calls, a library keeps its variables. */
const BEGIN = /^function (\w+\.begin)\(\)$/m;
const DIGEST_LENGTH = 16;
const DIGEST = '<digest>';

type Texts = ReturnType<typeof luaTexts>;

let loaded: ScriptLibrary | null = null;

/** The library, and every verb of it as a script too; made once. */
export function luaScripts(): ScriptLibrary {
  return (loaded ??= scriptsOf(luaTexts()));
}

/** The same, with these verbs only as scripts: what is sent to a thread is copied. */
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
  /** What the server may assume of it, see `flags` of Redis. Keys in other slots are refused in any case. */
  flags: string[];
  body: string;
}

function verbOf(name: string, texts: Texts): Verb {
  const [first = '', ...lines] = texts[`commands/${name}.lua`]!.split('\n');
  if (!first.startsWith('#!lua')) return { flags: [], body: [first, ...lines].join('\n') };
  return { flags: /flags=(\S+)/.exec(first)?.[1]?.split(',') ?? [], body: lines.join('\n') };
}

/** Its text is made when it is needed: only by servers without functions. */
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

/** The modules that it uses, its body: all of it is defined at each call. */
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

/** What the sources use of Lua's globals: as locals they are found at once, in a library by way of two tables. */
const GLOBALS =
  'redis, string, table, math, cjson, cmsgpack, tonumber, tostring, ipairs, pairs, type, pcall, error, unpack, select, setmetatable';

/** A verb that fails returns the code `FAILED`: Redis answers `ERR` to a call of a missing function. */
const RUN = `return function(verb, keys, args)
local isDone, reply = pcall(verbs[verb], keys, args)
if isDone or (type(reply) == 'table' and not string.find(reply.err, '^ERR')) then
return reply
end
return redis.error_reply('FAILED ' .. (type(reply) == 'table' and reply.err or reply))
end`;

/** `idle` returns for how many seconds no verb was called, as far as earlier calls of it have seen: see `deleteOldLibraries`. */
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
 * All modules once, then a function for each verb. While a library is loaded it has none of Lua's globals, so that all of
 * it is defined by the first call.
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
    const reached = reach(include, texts, included);
    const unknown = reached.find((each) => !shared.has(each));
    if (unknown !== undefined) throw new Error(`library.lua does not include '${unknown}', which '${name}' uses`);
    return reached.map((each) => beginOf(each, texts)).join('\n');
  });
  return `function verbs.${name}(keys_, args_)\nKEYS, ARGV = keys_, args_\n${calls}\nend`;
}

/** The text of a module; that of the engine is generated. */
function sourceOf(module: string, texts: Texts): string {
  return (texts[`includes/${module}.lua`] ?? texts[`fast/${module}.lua`] ?? texts[`${module}.lua`])!;
}

/** The tables of modules, before their functions: these call each other. */
function declare(modules: ReadonlySet<string>): string {
  if (modules.size === 0) return '';
  return `local ${[...modules].join(', ')} = ${[...modules].map(() => '{}').join(', ')}`;
}

/** A module's text as a block, in which what is local to its file stays so; a function has at most 200 locals. */
function moduleOf(name: string, text: string): string {
  return `do\n${text.replace(new RegExp(`^local ${name} = `, 'm'), `${name} = `)}\nend`;
}

/** What begins an include at a call. A verb that `frame.begin` has a reply for is over. */
function beginOf(include: string, texts: Texts): string {
  const begin = BEGIN.exec(sourceOf(include, texts))?.[1];
  if (begin === undefined) return '';
  return begin === 'frame.begin' ? `do local over = ${begin}() if over then return over end end` : `${begin}()`;
}

/** Puts what `use` makes of each include where it is first asked for; a second time, it is there already. */
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

/** An include behind those that it asks for itself, but for those that are there already. */
function reach(include: string, texts: Texts, included: Set<string>): string[] {
  if (included.has(include)) return [];
  included.add(include);
  const asked = sourceOf(include, texts).matchAll(INCLUDE);
  return [...[...asked].flatMap(([, name]) => reach(name!, texts, included)), include];
}

/** Comments and indents are for readers of the files; every server keeps the text. */
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
