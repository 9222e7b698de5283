import { createHash } from 'node:crypto';
import type { ScriptSource } from './connection/redis-connection.js';
import { luaTexts } from './lua-texts.js';

const COMMAND = /^commands\/(\w+)\.lua$/;
const INCLUDE = /^-- @include (\w+)$/gm;

type Texts = ReturnType<typeof luaTexts>;

let loaded: ReadonlyMap<string, ScriptSource> | null = null;

/** Every script by the name of its verb, its includes resolved; made once. */
export function luaScripts(): ReadonlyMap<string, ScriptSource> {
  if (loaded !== null) return loaded;
  const texts = luaTexts();
  const names = Object.keys(texts).flatMap((path) => COMMAND.exec(path)?.[1] ?? []);
  return (loaded = new Map(names.map((name) => [name, scriptOf(name, texts)])));
}

function scriptOf(name: string, texts: Texts): ScriptSource {
  const source = texts[`commands/${name}.lua`]!;
  const [first = ''] = source.split('\n', 1);
  // Its first line says what the server may assume of a script; keys in other slots are refused by it too.
  const shebang = first.startsWith('#!lua') ? first : '#!lua';
  const text = `${shebang}\n${compact(resolve(source.replace(/^#!lua.*\n/, ''), texts, new Set()))}`;
  return { name, text, sha: createHash('sha1').update(text).digest('hex'), readOnly: shebang.includes('no-writes') };
}

/** Puts each include where it is first asked for; a second time, it is there already. */
function resolve(source: string, texts: Texts, included: Set<string>): string {
  return source.replace(INCLUDE, (_line, name: string) => {
    if (included.has(name)) return '';
    included.add(name);
    return resolve(texts[`includes/${name}.lua`]!, texts, included);
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
