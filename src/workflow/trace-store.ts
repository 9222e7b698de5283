import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { SchedulerOptions } from 'nestjs-advanced-scheduler';
import type { TraceStoreType } from './arguments.js';

/** The store of one run of a trace, and how to remove its state. */
export interface TraceStore {
  options: Pick<SchedulerOptions, 'store' | 'namespace'>;
  remove(): Promise<void>;
}

const DEFAULT_URL = 'redis://127.0.0.1:6379';
const KEYS_PER_STEP = 500;

/** @param redisUrl server of the store `redis` */
export function traceStore(type: TraceStoreType, redisUrl = process.env['REDIS_URL'] ?? DEFAULT_URL): TraceStore {
  if (type === 'embedded') return embeddedStore();
  if (type === 'redis') return redisStore(redisUrl);
  return { options: { store: 'memory' }, remove: () => Promise.resolve() };
}

function embeddedStore(): TraceStore {
  const folder = mkdtempSync(join(tmpdir(), 'trace-'));
  return {
    options: { store: { type: 'embedded', path: join(folder, 'scheduler.db') } },
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}

function redisStore(url: string): TraceStore {
  const namespace = `trace-${randomUUID()}`;
  return {
    options: { store: { type: 'redis', url }, namespace },
    remove: () => removeNamespace(url, namespace),
  };
}

/** Deletes the keys of a namespace, a few hundred at a time. */
async function removeNamespace(url: string, namespace: string): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: 0, lazyConnect: true });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    for await (const keys of redis.scanStream({ match: `{${namespace}}:*`, count: KEYS_PER_STEP })) {
      if ((keys as string[]).length > 0) await redis.unlink(...(keys as string[]));
    }
  } finally {
    redis.disconnect();
  }
}
