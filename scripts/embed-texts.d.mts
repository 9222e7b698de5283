/** Puts modules with texts in place of what reads files. @param folder of the compiled index.js, library or console */
export function embedTexts(folder: string): void;
/** The module that has the Lua sources. */
export function luaModule(): string;
