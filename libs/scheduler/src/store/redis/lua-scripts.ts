import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { ScriptSource } from './connection/redis-connection.js';

const LUA = new URL('./lua/', import.meta.url);
const INCLUDE = /^-- @include (\w+)$/gm;

let loaded: ReadonlyMap<string, ScriptSource> | null = null;

/** Every script by the name of its verb, its includes resolved; read once. */
export function luaScripts(): ReadonlyMap<string, ScriptSource> {
  return (loaded ??= new Map(
    readdirSync(new URL('commands/', LUA)).map((file) => {
      const name = file.replace(/\.lua$/, '');
      return [name, scriptOf(name)];
    }),
  ));
}

function scriptOf(name: string): ScriptSource {
  const source = read(`commands/${name}.lua`);
  const [first = ''] = source.split('\n', 1);
  // Its first line says what the server may assume of a script; keys in other slots are refused by it too.
  const shebang = first.startsWith('#!lua') ? first : '#!lua';
  const text = `${shebang}\n${compact(resolve(source.replace(/^#!lua.*\n/, ''), new Set()))}`;
  return { name, text, sha: createHash('sha1').update(text).digest('hex'), readOnly: shebang.includes('no-writes') };
}

/** Puts each include where it is first asked for; a second time, it is there already. */
function resolve(source: string, included: Set<string>): string {
  return source.replace(INCLUDE, (_line, name: string) => {
    if (included.has(name)) return '';
    included.add(name);
    return resolve(read(`includes/${name}.lua`), included);
  });
}

/** Comments and indents are for readers of the files; every server keeps the text of each script. */
function compact(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('--'))
    .join('\n');
}

function read(path: string): string {
  return readFileSync(new URL(path, LUA), 'utf8');
}
