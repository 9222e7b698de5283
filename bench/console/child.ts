import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

type Methods = Record<string, (...args: never[]) => unknown>;
type Asked<M> = { [K in keyof M]: M[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<R> | R : never };
type Reply = { result: unknown } | { error: string };

/** A separate process that answers one request at a time. */
export class Child<Api extends object> {
  private readonly child: ChildProcess;

  /** @param program beside this file, such as './server.js'; it calls `answer` */
  constructor(program: string) {
    // Standard output belongs to the tables.
    this.child = fork(fileURLToPath(new URL(program, import.meta.url)), { stdio: ['ignore', 2, 2, 'ipc'] });
  }

  /** @throws Error where it fails, or ends instead */
  async ask<K extends keyof Api & string>(
    name: K,
    ...args: Api[K] extends (...args: infer A) => unknown ? A : never
  ): Promise<Api[K] extends (...args: never[]) => infer R ? R : never> {
    const ended = once(this.child, 'exit').then(() => [{ error: `the process ended at '${name}'` }]);
    const answered = once(this.child, 'message');
    this.child.send({ name, args });
    const [reply] = (await Promise.race([answered, ended])) as [Reply];
    if ('error' in reply) throw new Error(reply.error);
    return reply.result as never;
  }

  /** Lets it go; returns when it is gone. */
  async end(): Promise<void> {
    if (!this.child.connected) return;
    const exit = once(this.child, 'exit');
    this.child.disconnect();
    await exit;
  }
}

/** The other end: does what its parent asks, and ends with it. */
export function answer<Api extends object>(api: Asked<Api>): void {
  const run = async ({ name, args }: { name: string; args: never[] }): Promise<Reply> => {
    try {
      return { result: await (api as Methods)[name]!(...args) };
    } catch (error) {
      return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  };
  process.on(
    'message',
    (call: { name: string; args: never[] }) => void run(call).then((reply) => process.send!(reply)),
  );
  process.on('disconnect', () => process.exit(0));
}

/** What this process has taken so far, µs. */
export function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
