import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Boot, Call, OpenOptions, ProcessApi, Progress, Reply } from './protocol.js';

const PROGRAM = fileURLToPath(new URL('./measured-process.js', import.meta.url));

/** The parent's end of a measured process. */
export class RemoteProcess {
  private readonly pending = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  private readonly child: ChildProcess;
  private calls = 0;
  progress: Progress = { committed: 0, lastCommit: 0, cpuUs: 0 };
  onProgress: () => void = () => undefined;
  boot: Boot = { started: 0, loaded: 0 };
  /** Why it died, if it did before its time. */
  death: Error | null = null;

  /** @param cpuProf folder for a CPU profile */
  constructor(cpuProf: string | undefined) {
    const execArgv = cpuProf === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${cpuProf}`];
    // Standard output belongs to the tables.
    this.child = fork(PROGRAM, { execArgv, serialization: 'advanced', stdio: ['ignore', 2, 2, 'ipc'] });
    this.child.on('message', (reply: Reply) => this.receive(reply));
    this.child.on('exit', (code, signal) => {
      this.death = new Error(`a measured process ended by itself: ${signal ?? code}`);
      for (const { reject } of this.pending.values()) reject(this.death);
      this.onProgress();
    });
  }

  async open(options: OpenOptions): Promise<void> {
    this.boot = await this.call('open', options);
  }

  call<K extends keyof ProcessApi>(name: K, ...args: Parameters<ProcessApi[K]>): ReturnType<ProcessApi[K]> {
    const id = this.calls++;
    return new Promise((resolve, reject) => {
      if (this.death) return reject(this.death);
      this.pending.set(id, { resolve, reject });
      this.child.send({ id, name, args } satisfies { [K in keyof Call]: unknown });
    }) as ReturnType<ProcessApi[K]>;
  }

  /** Ends the process, and waits until it has exited. */
  async end(): Promise<void> {
    if (this.death) return;
    const exit = once(this.child, 'exit');
    this.child.disconnect();
    await exit;
  }

  private receive(reply: Reply): void {
    if ('progress' in reply) {
      this.progress = reply.progress;
      this.onProgress();
      return;
    }
    const call = this.pending.get(reply.id);
    this.pending.delete(reply.id);
    if ('error' in reply) call?.reject(new Error(reply.error));
    else call?.resolve(reply.result as never);
  }
}
