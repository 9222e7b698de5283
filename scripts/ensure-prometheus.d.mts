/** The paths of Prometheus and promtool, installed if need be. @throws Error that says what to do */
export function ensurePrometheus(
  env?: NodeJS.ProcessEnv,
  say?: (line: string) => void,
): { prometheus: string; promtool: string };
