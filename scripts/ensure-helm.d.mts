/** The path of Helm, fetched if need be. @throws Error that says what to do */
export function ensureHelm(env?: NodeJS.ProcessEnv, say?: (line: string) => void): string;
