import { afterAll, afterEach, beforeAll, describe } from '@jest/globals';
import type { StoreOptions } from 'nestjs-advanced-scheduler';
import { closeApps } from './app.js';
import { temporaryFolder } from './open-embedded.js';
import { startRedis, type RedisServer } from './redis-server.js';

/** Options of an app on one kind of store: each call names an empty store. */
export type FreshStore = () => { store: StoreOptions; namespace: string };

let made = 0;

/** The same tests of whole apps on memory, embedded and Redis. Apps started by startApp and startKit are closed after each. */
export function describeEveryStore(name: string, tests: (fresh: FreshStore) => void): void {
  const namespace = (): string => `n${++made}`;
  describe(`${name}, memory`, () => {
    afterEach(closeApps);
    tests(() => ({ store: { type: 'memory' }, namespace: namespace() }));
  });
  describe(`${name}, embedded`, () => {
    let folder: ReturnType<typeof temporaryFolder>;
    beforeAll(() => void (folder = temporaryFolder()));
    afterEach(closeApps);
    afterAll(() => folder.remove());
    tests(() => ({ store: { type: 'embedded', path: folder.path(`${made + 1}.db`) }, namespace: namespace() }));
  });
  describe(`${name}, redis`, () => {
    let redis: RedisServer;
    beforeAll(async () => void (redis = await startRedis()));
    afterEach(closeApps);
    afterAll(() => redis.stop());
    tests(() => ({ store: { type: 'redis', port: redis.port }, namespace: namespace() }));
  });
}
