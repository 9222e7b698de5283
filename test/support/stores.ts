import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SchedulerModuleOptions } from 'nestjs-advanced-scheduler';
import { startRedis, type RedisServer } from './redis-server.js';

export const STORE_NAMES = ['memory', 'embedded', 'redis'] as const;
export type StoreName = (typeof STORE_NAMES)[number];

let server: RedisServer | null = null;
const folders: string[] = [];
let namespaces = 0;

/** Options of a store that is empty; the same object again opens it again, with what it holds. */
export async function storeOf(name: StoreName): Promise<Pick<SchedulerModuleOptions, 'store' | 'namespace'>> {
  if (name === 'memory') return { store: 'memory' };
  if (name === 'embedded') {
    const folder = mkdtempSync(join(tmpdir(), 'scheduler-store-'));
    folders.push(folder);
    return { store: { type: 'embedded', path: join(folder, 'scheduler.db') } };
  }
  server ??= await startRedis();
  return { store: { type: 'redis', url: server.url }, namespace: `app${++namespaces}` };
}

/** For afterAll. */
export async function removeStores(): Promise<void> {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  await server?.stop();
  server = null;
}

/** Lets the event loop turn so many times, for what happens by itself and is not to be waited for. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}
