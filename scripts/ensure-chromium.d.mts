/** A browser that runs, or why there is none. */
export function findChromium(env?: NodeJS.ProcessEnv): { path: string } | { problem: string };
/** The path of the browser, installed if need be; throws an Error that says what to do. */
export function ensureChromium(env?: NodeJS.ProcessEnv, say?: (line: string) => void): string;
