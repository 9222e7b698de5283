/** Puts the compiled library into one file for each entry and one that they share. @param folder of the compiled index.js */
export function bundleLibrary(folder: string): void;
