import { execFile } from 'node:child_process';

const LIMIT_MS = 150_000;

/** Runs a program to its end, within a limit. @throws Error with all of its output if it fails or takes too long */
export function run(
  file: string,
  args: readonly string[],
  cwd: string,
  timeout = LIMIT_MS,
): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: environment(), timeout, killSignal: 'SIGKILL', maxBuffer: 32 << 20 } as const;
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      if (!error) return resolve({ stdout, stderr });
      const how = error.killed ? `took longer than ${timeout / 1000} s` : `failed: ${String(error.code)}`;
      reject(new Error(`${file} ${args.join(' ')} ${how}\n${stdout}\n${stderr}`));
    });
    child.stdin?.end();
  });
}

export function npm(args: readonly string[], cwd: string): Promise<{ stdout: string; stderr: string }> {
  return run('npm', args, cwd);
}

/** The network's error code where npm cannot reach its registry (scripts/jest/pack-libraries.mjs); null if it can. */
export function npmOffline(): string | null {
  return process.env['NPM_OFFLINE'] || null;
}

/** The environment of a user's shell: nothing of the npm and the test runner that started this. */
function environment(): NodeJS.ProcessEnv {
  const ours = /^(npm_(?!config_(cache|registry|cafile|.*proxy)$)|JEST_|NODE_OPTIONS$|NODE_ENV$)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}
