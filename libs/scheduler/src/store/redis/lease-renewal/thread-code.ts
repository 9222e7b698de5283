/**
 * The program of the thread that renews leases, as one script. The build replaces this module by one with the text
 * (scripts/embed-texts.mjs). null: the library runs from its sources, without the thread.
 */
export const THREAD_CODE: string | null = null;
