import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { isScript, parseInfo, sampleOf, type RedisSample } from './redis-sample.js';

const START_MS = 10_000;
/** Scripts of less are not logged, so that the log costs nothing where many are called. */
const SLOW_US = 1_000;
const SLOW_LOG = ['--slowlog-log-slower-than', `${SLOW_US}`, '--slowlog-max-len', '100000'];

/** A Redis server of the bench's own: own port, own folder, gone afterwards. */
export class RedisServer {
  private constructor(
    readonly port: number,
    readonly version: string,
    readonly client: Redis,
    private readonly child: ChildProcess,
    private readonly leave: () => void,
  ) {}

  /** @param aof appends to a file with fsync every second; else nothing is written at all */
  static async start(aof: boolean): Promise<RedisServer> {
    const program = process.env.REDIS_SERVER_BIN ?? 'redis-server';
    const folder = mkdtempSync(join(tmpdir(), 'scheduler-bench-'));
    const port = await freePort();
    const persistence = aof ? ['--appendonly', 'yes', '--appendfsync', 'everysec'] : ['--appendonly', 'no'];
    const child = spawn(
      program,
      ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...persistence, ...SLOW_LOG],
      { stdio: 'ignore' },
    );
    const ended = new Promise<never>((_, reject) => {
      child.once('error', (error) => reject(new Error(`${program} does not start: ${error.message}`)));
      child.once('exit', (code) => reject(new Error(`${program} ended with ${code}`)));
    });
    ended.catch(() => undefined);
    const leave = (): void => {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    };
    process.once('exit', leave);
    const client = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => undefined);
    await Promise.race([connect(client), ended]);
    const info = parseInfo(await client.info('server'));
    const [name, version] = info.has('valkey_version')
      ? ['Valkey', info.get('valkey_version')]
      : ['Redis', info.get('redis_version')];
    return new RedisServer(port, `${name} ${version}`, client, child, leave);
  }

  async sample(): Promise<RedisSample> {
    return sampleOf(await this.client.info('all'));
  }

  /** Of the scripts since the last call, by SLOWLOG, in ms of wall time; 1 if all took less. */
  async takeLongestScript(): Promise<number> {
    const entries = (await this.client.call('SLOWLOG', 'GET', '-1')) as [number, number, number, string[]][];
    await this.client.call('SLOWLOG', 'RESET');
    const scripts = entries.filter(([, , , [command]]) => isScript(command!));
    return Math.max(SLOW_US, ...scripts.map(([, , us]) => us)) / 1000;
  }

  /**
   * Bytes of what is stored, without the buffers of connections, once they no longer move (rehashing, freed replies).
   * @throws Error if they still move after ten seconds
   */
  async settledMemory(): Promise<number> {
    await this.client.call('SLOWLOG', 'RESET');
    let last = -1;
    for (let calm = 0, tries = 0; tries < 100; tries++) {
      const { memory } = await this.sample();
      calm = Math.abs(memory - last) <= 1024 ? calm + 1 : 0;
      if (calm === 5) return memory;
      last = memory;
      await pause(100);
    }
    throw new Error('the memory of Redis does not come to rest');
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    const exit = once(this.child, 'exit');
    this.leave();
    process.off('exit', this.leave);
    await exit;
  }
}

async function connect(client: Redis): Promise<void> {
  for (const deadline = performance.now() + START_MS; ;) {
    try {
      await client.connect();
      await client.ping();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(50);
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
