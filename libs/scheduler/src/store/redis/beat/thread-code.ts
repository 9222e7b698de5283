/**
 * The program of the thread that beats, as one script. The build puts a module with the text in place of this one
 * (scripts/embed-texts.mjs). null: the library runs from its sources, and no thread beats.
 */
export const THREAD_CODE: string | null = null;
