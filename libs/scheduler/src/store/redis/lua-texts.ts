import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('./lua/', import.meta.url);

/**
 * The Lua sources by path from `lua/`, such as 'commands/enqueue.lua'. Here they are read from their files; the build puts
 * a module with their texts in place of this one (scripts/embed-texts.mjs), so that the package and bundles of it need no
 * files.
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
