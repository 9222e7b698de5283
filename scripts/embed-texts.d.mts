/** Puts modules with texts in place of what reads files. @param folder of the compiled library's index.js */
export function embedTexts(folder: string): void;
