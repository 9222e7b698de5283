import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureRedis } from '../../scripts/ensure-redis.mjs';

/**
 * Runs a server for as long as this process lives: its standard input closes when the process ends, however that
 * happens, and then the server and its folder go too: the last kill is not for the one that is removing it. First line
 * of the output: the server's process id.
 */
export const UNTIL_PARENT_ENDS = `
dir=$1; shift
# A file that may not grow is an error of the write, as a full disk is.
trap '' XFSZ
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
echo "pid $server"
(read -r _ <&3; trap '' TERM; kill -9 $server; rm -rf "$dir") >/dev/null 2>&1 &
watch=$!
wait $server
code=$?
kill $watch 2>/dev/null
exit $code
`;

export interface RedisServerOptions {
  /** One node with all slots. It says so about 2 s after its start, as every node of a cluster does. */
  cluster?: boolean;
  /** Of a cluster's node: none, for a node that joins another. Default: all. */
  slots?: 'all' | 'none';
  /** More of the server's own, such as ['--maxmemory', '8mb']; they win over the defaults. */
  args?: readonly string[];
  /** Default: a free one. */
  port?: number;
  /** Makes it a Sentinel with these lines of configuration. */
  sentinel?: readonly string[];
  /** Whether it is up when it answers, even while it loads its data. Default: when it takes commands. */
  loading?: boolean;
  /** Added to its environment. */
  env?: Readonly<Record<string, string>>;
}

/** A server of a test's own, on 127.0.0.1, without persistence unless asked for, in a folder that goes with it. */
export class RedisServer {
  readonly host = '127.0.0.1';
  #child: ChildProcess | undefined;
  #output: string[] = [];
  #pid = 0;

  constructor(
    readonly port: number,
    /** Where its files are. */
    readonly dir: string,
    /** Of a cluster's node: where its peers find it. */
    readonly busPort: number,
    private readonly options: RedisServerOptions,
  ) {}

  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  /** Of the server itself; 0 while it is down. */
  get pid(): number {
    return this.#pid;
  }

  /** What it has printed since its start. */
  get output(): string {
    return this.#output.join('\n');
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    await this.#end('SIGKILL');
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** As a crash does; `restart` brings it back. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Stops all its threads, as a machine that hangs: connections stay, answers don't come. */
  freeze(): void {
    process.kill(this.#pid, 'SIGSTOP');
  }

  thaw(): void {
    process.kill(this.#pid, 'SIGCONT');
  }

  /** From now on no file of its grows beyond this; null: beyond what it likes. */
  limitFiles(bytes: number | null): void {
    execFileSync('prlimit', ['--pid', `${this.#pid}`, `--fsize=${bytes ?? 'unlimited'}:`]);
  }

  /** Ends it in good order, and again on the same port and folder; more arguments last until the next restart. */
  async restart(args: readonly string[] = [], options: Pick<RedisServerOptions, 'loading'> = {}): Promise<void> {
    await this.#end('SIGTERM');
    await this.start(args, options);
  }

  async start(args: readonly string[] = [], options: Pick<RedisServerOptions, 'loading'> = {}): Promise<void> {
    const all = [...this.#arguments(), ...(this.options.args ?? []), ...args];
    const child = spawn('sh', ['-c', UNTIL_PARENT_ENDS, 'sh', this.dir, program(), ...all], {
      cwd: this.dir,
      env: { ...process.env, ...this.options.env },
    });
    this.#child = child;
    this.#output = [];
    const ended = once(child, 'exit').then(() => {
      this.#pid = 0;
      this.#child = undefined;
    });
    const isUp = options.loading || this.options.loading ? isListening : isReady;
    await new Promise<void>((resolve, reject) => {
      const read = (chunk: Buffer): void => {
        for (const line of chunk.toString().split('\n')) this.#read(line);
        if (isUp(this.#output)) resolve();
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.stdin.on('error', () => undefined);
      child.once('error', reject);
      void ended.then(() => reject(new Error(`redis-server ended at its start:\n${this.output}`)));
    });
    if (this.options.cluster && this.options.slots !== 'none') await this.#serveAllSlots();
  }

  #read(line: string): void {
    const pid = /^pid (\d+)$/.exec(line)?.[1];
    if (pid !== undefined) this.#pid = Number(pid);
    else if (line.trim() !== '') this.#output.push(line);
    if (this.#output.length > 200) this.#output.shift();
  }

  #arguments(): string[] {
    const always = ['--port', `${this.port}`, '--bind', this.host, '--dir', this.dir, '--loglevel', 'notice'];
    if (this.options.sentinel !== undefined) return [join(this.dir, 'sentinel.conf'), '--sentinel', ...always];
    const memoryOnly = ['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'];
    const cluster = [
      ...['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf'],
      ...['--cluster-announce-ip', this.host],
    ];
    if (!this.options.cluster) return [...always, ...memoryOnly];
    return [...always, ...memoryOnly, ...cluster, '--cluster-port', `${this.busPort}`];
  }

  async #serveAllSlots(): Promise<void> {
    const isOk = (): boolean => this.#output.some((line) => line.includes('Cluster state changed: ok'));
    const ok = new Promise<void>((resolve) => {
      const look = (): void => {
        if (!isOk()) return;
        this.#child?.stdout?.off('data', look);
        resolve();
      };
      this.#child?.stdout?.on('data', look);
      look();
    });
    await this.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383').catch((error: Error) => {
      // After a restart its own file has told it.
      if (!error.message.includes('already busy')) throw error;
    });
    await ok;
  }

  /** One command over a connection of its own, without a client. @returns the reply as it came, trimmed */
  command(...args: string[]): Promise<string> {
    return sendCommand(this.port, args);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const ended = once(child, 'exit');
    // A frozen server would not hear any other.
    if (this.#pid > 0) process.kill(this.#pid, 'SIGCONT');
    if (this.#pid > 0) process.kill(this.#pid, signal);
    await ended;
    child.stdin?.destroy();
  }
}

/** Starts a server; `stop()` it. Takes about 30 ms, a cluster 2 s. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  for (let attempt = 1; ; attempt++) {
    const dir = mkdtempSync(join(tmpdir(), 'scheduler-redis-'));
    const server = new RedisServer(options.port ?? (await freePort()), dir, await freePort(), options);
    try {
      if (options.sentinel !== undefined) writeFileSync(join(dir, 'sentinel.conf'), options.sentinel.join('\n'));
      await server.start();
      return server;
    } catch (error) {
      rmSync(dir, { recursive: true, force: true });
      // Someone else was given the same free port.
      const isTaken = options.port === undefined && /Address already in use/.test(String(error));
      if (!isTaken || attempt === 3) throw error;
    }
  }
}

const isListening = (output: readonly string[]): boolean =>
  output.some((line) => /Server initialized|Ready to accept connections|Sentinel ID is/.test(line));
const isReady = (output: readonly string[]): boolean =>
  output.some((line) => /Ready to accept connections|Sentinel ID is/.test(line));

let found: string | undefined;

function program(): string {
  return (found ??= ensureRedis());
}

/**
 * A port of 127.0.0.1 that nobody has now. Below those that the kernel gives to clients: a client of another suite could
 * get the port of a server that a test has killed and starts again.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch {
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}

async function sendCommand(port: number, args: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  // It may also fail when its answer has come.
  socket.on('error', () => undefined);
  socket.write(`*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join('')}`);
  const closed = once(socket, 'close').then(() => Promise.reject(new Error('the server closed the connection')));
  const [reply] = (await Promise.race([once(socket, 'data'), closed])) as [Buffer];
  socket.destroy();
  const text = reply.toString().trim();
  if (text.startsWith('-')) throw new Error(text.slice(1));
  return text;
}
