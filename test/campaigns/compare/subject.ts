import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fleet, FleetNode, parseEntry, type Entry } from '../../cluster/fixtures/fleet.js';
import { FaultProxy } from '../../support/fault-proxy.js';
import { startRedis, type RedisServer } from '../../support/redis-server.js';
import type { Execution } from '../fixtures/history.js';

/** Both keep what they have acknowledged, over a kill of the server too. */
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'];
const CONCURRENCY = 10;
export const WORKERS = 3;
export const CHILDREN = 3;

export type SingleKind = 'plain' | 'retried' | 'delayed';
/** A handler of handlers.mjs. */
export type Handler = 'work' | 'blockedWork';

/** A process, and the network between it and the server. */
export interface Post {
  node: FleetNode;
  proxy: FaultProxy;
}

/** A scheduler as its users have it by default: a producer and workers, as processes, each behind a proxy, on one server. */
export interface Subject {
  readonly name: string;
  readonly redis: RedisServer;
  readonly producer: Post;
  readonly workers: readonly Post[];
  /** @returns the execution's id */
  add(kind: SingleKind, handler: Handler, payload: object): Promise<string>;
  /** Children, and a parent that runs when they have succeeded. @returns the ids of the children, then the parent's */
  addFlow(payload: object): Promise<string[]>;
  /** How many have not ended. */
  unfinished(): Promise<number>;
  executions(): Promise<Execution[]>;
  ledger(): Entry[];
  close(): Promise<void>;
}

async function postsOf(port: number, join: (port: number, role: 'producer' | 'worker') => Promise<FleetNode>) {
  const posts: Post[] = [];
  for (let i = 0; i <= WORKERS; i++) {
    const proxy = await FaultProxy.start(port);
    posts.push({ proxy, node: await join(proxy.port, i === 0 ? 'producer' : 'worker') });
  }
  return posts as [Post, ...Post[]];
}

export async function startOurs(): Promise<Subject> {
  const fleet = await Fleet.start('compare', undefined, await startRedis({ args: DURABLE }));
  const retryConfig = { strategy: 'FIXED', maxAttempts: 3, initialDelay: '50ms', jitter: false } as const;
  const tasks = [
    { taskId: 'work', handler: 'work' },
    { taskId: 'blockedWork', handler: 'blockedWork' },
    { taskId: 'fragile', handler: 'work', retryConfig },
  ];
  const [producer, ...workers] = await postsOf(fleet.redis.port, (port, role) =>
    // History keeps all, as BullMQ does. All else is the default.
    fleet.join({ tasks, options: { role, history: 10_000_000, store: { type: 'redis', port } } }),
  );
  const { node } = producer;
  return {
    ...{ name: 'ours', redis: fleet.redis, producer, workers },
    add(kind, handler, payload) {
      const options = { payload, ...(kind === 'delayed' && { delay: '700ms' }) };
      return node.scheduler('scheduleTask', kind === 'retried' ? 'fragile' : handler, options);
    },
    async addFlow(payload) {
      const children = Array.from({ length: CHILDREN }, (_, i) => `child${i}`);
      const dependencies = children.map((ref) => ({ ref, type: 'success' }));
      const { executions } = await node.scheduler('runWorkflow', {
        tasks: [
          ...children.map((ref) => ({ ref, taskId: 'work', payload })),
          { ref: 'parent', taskId: 'work', payload, dependencies },
        ],
      });
      return [...children, 'parent'].map((ref) => executions[ref] as string);
    },
    async unfinished() {
      const { queueStats, runningTasks } = await node.call('health');
      return runningTasks + queueStats.totalWaiting;
    },
    async executions() {
      const rows = (await node.call('audit')) as unknown[][];
      return rows.map(([executionId, taskId, status, reason, , retryCount, attempts]) => {
        return { executionId, taskId, status, reason, retryCount, attempts } as Execution;
      });
    },
    ledger: () => fleet.ledger(),
    close: () => closeAll(fleet, [producer, ...workers]),
  };
}

export async function startBullMq(): Promise<Subject> {
  const redis = await startRedis({ args: DURABLE });
  const dir = mkdtempSync(join(tmpdir(), 'compare-bullmq-'));
  const ledger = join(dir, 'ledger');
  const program = fileURLToPath(new URL('./bullmq-node.mjs', import.meta.url));
  const [producer, ...workers] = await postsOf(redis.port, async (port, role) => {
    const settings = JSON.stringify({ port, ledger, role, concurrency: CONCURRENCY });
    const node = new FleetNode(fork(program, [settings], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
    await node.next('up');
    return node;
  });
  const { node } = producer;
  return {
    ...{ name: 'BullMQ', redis, producer, workers },
    add: (kind, handler, payload) => node.call('add', kind, handler, payload),
    addFlow: (payload) => node.call('addFlow', CHILDREN, payload),
    unfinished: () => node.call('unfinished'),
    async executions() {
      const rows = (await node.call('audit')) as [string, string, string, string | null, number][];
      return rows.map(([executionId, taskId, status, reason, runs]) => {
        const attempts = Array.from({ length: runs }, (_, i) => {
          return { attempt: i + 1, outcome: null, workerId: null, endedTime: null };
        });
        return { executionId, taskId, status, reason, retryCount: 0, attempts };
      });
    },
    ledger: () => readFileSync(ledger, 'utf8').trimEnd().split('\n').map(parseEntry),
    close: () =>
      closeAll(
        {
          async close() {
            for (const post of [producer, ...workers]) await post.node.kill();
            await redis.stop();
            rmSync(dir, { recursive: true, force: true });
          },
        },
        [producer, ...workers],
      ),
  };
}

async function closeAll(processes: { close(): Promise<void> }, posts: readonly Post[]): Promise<void> {
  await processes.close();
  for (const { proxy } of posts) await proxy.close();
}
