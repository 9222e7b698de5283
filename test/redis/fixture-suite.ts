import { taskRecordOf, TASKS, type StoreOptions } from '../contract/fixtures.js';
import { StoreFixture } from '../contract/store-fixture.js';
import { openRedisOn } from '../support/open-redis.js';
import { suiteServer } from '../support/suite-server.js';

/** Sends a command about a key of the namespace of the fixture. */
export type Redis = (command: string, key: string, ...args: string[]) => Promise<string>;

type Act = (s: StoreFixture, redis: Redis, evaluate: Redis) => Promise<void>;

/**
 * A server for the tests of a file.
 * @returns a function that runs a test body in a new namespace, with access to its keys; `evaluate` runs a Lua script on a key
 */
export function fixtureSuite(): (act: Act, options?: StoreOptions) => Promise<void> {
  const server = suiteServer();
  const open = openRedisOn(server);
  let namespaces = 0;

  return async (act, options) => {
    const { store, clock, close } = await open(options);
    const root = `{t${++namespaces}}:`;
    const redis: Redis = (command, key, ...args) => server().command(command, root + key, ...args);
    const evaluate: Redis = (script, key, ...args) => server().command('EVAL', script, '1', root + key, ...args);
    try {
      const s = new StoreFixture(store, clock);
      await store.putTasks(TASKS.map((taskId) => taskRecordOf(taskId)));
      await act(s, redis, evaluate);
    } finally {
      await close();
    }
  };
}
