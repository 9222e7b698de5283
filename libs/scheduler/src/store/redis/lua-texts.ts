import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('./lua/', import.meta.url);

/**
 * The Lua sources by path from `lua/`, such as 'commands/enqueue.lua'. The build replaces this module by one that contains
 * the texts (scripts/embed-texts.mjs), so the package and bundles need no files.
 */
export function luaTexts(): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const name of ['library.lua', 'limits.lua', 'codes.lua', 'engine.lua'])
    texts[name] = readFileSync(new URL(name, FOLDER), 'utf8');
  for (const folder of ['commands', 'includes', 'fast'])
    for (const name of readdirSync(new URL(`${folder}/`, FOLDER)))
      texts[`${folder}/${name}`] = readFileSync(new URL(`${folder}/${name}`, FOLDER), 'utf8');
  return texts;
}
