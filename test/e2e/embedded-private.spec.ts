import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { EmbeddedTaskStore } from '../../libs/scheduler/src/store/embedded/embedded.store.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { DataDirectory } from '../../src/residency/delivery/data-directory.js';
import { newExecution, taskRecordOf, TASKS } from '../contract/fixtures.js';
import { temporaryFolder } from '../support/open-embedded.js';

let folder: ReturnType<typeof temporaryFolder>;
let umask: number;
beforeEach(() => {
  folder = temporaryFolder();
  umask = process.umask(0);
});
afterEach(() => {
  process.umask(umask);
  folder.remove();
});

/** What others than the owner may do with each file below a folder: '0' is nothing. */
function rightsOfOthers(root: string): Record<string, string> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  return Object.fromEntries(
    [...names, '.'].map((name) => [name, (statSync(join(root, name)).mode & 0o077).toString(8)]),
  );
}

const storeAt = (path: string) =>
  new EmbeddedTaskStore({ path, sync: 'always', clock: new ManualClock(), history: { count: 10 } });

it('the files of a store and their folders are accessible to their owner only, whatever the umask', async () => {
  const root = folder.path('a/b');
  const store = storeAt(join(root, 'store.db'));
  await store.open();
  await store.putTasks(TASKS.map((taskId) => taskRecordOf(taskId)));
  await store.enqueue([newExecution()]);
  const rights = rightsOfOthers(folder.path('a'));
  expect(Object.keys(rights).sort()).toEqual(
    ['.', 'b', ...['', '-lock', '-owner', '-reserve', '-shm', '-wal'].map((end) => `b/store.db${end}`)].sort(),
  );
  expect(new Set(Object.values(rights))).toEqual(new Set(['0']));
  await store.close();
  expect(new Set(Object.values(rightsOfOthers(root)))).toEqual(new Set(['0']));
});

it('files of an earlier release are restricted when they are opened; an existing folder is unchanged', async () => {
  const path = folder.path('store.db');
  const first = storeAt(path);
  await first.open();
  await first.close();
  for (const name of readdirSync(folder.path(''))) chmodSync(folder.path(name), 0o644);
  writeFileSync(`${path}-reserve`, '', { mode: 0o644 });
  chmodSync(folder.path(''), 0o755);
  const second = storeAt(path);
  await second.open();
  const { '.': own, ...files } = rightsOfOthers(folder.path(''));
  expect([own, new Set(Object.values(files))]).toEqual(['55', new Set(['0'])]);
  await second.close();
});

it('the data directory and its files are accessible to their owner only', async () => {
  const root = folder.path('data');
  const data = new DataDirectory(root);
  await data.onModuleInit();
  await data.replace('reports/a.json', '{}');
  await data.createOnce('sent.json', '{}');
  expect(new Set(Object.values(rightsOfOthers(root)))).toEqual(new Set(['0']));
});
