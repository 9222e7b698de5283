/** A server that runs and is new enough, or why there is none. */
export function findRedis(env?: NodeJS.ProcessEnv): { path: string } | { problem: string };
/** The path of the server, installed if need be; throws an Error that says what to do. */
export function ensureRedis(env?: NodeJS.ProcessEnv, say?: (line: string) => void): string;
