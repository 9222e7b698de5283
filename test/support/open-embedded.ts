import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  EmbeddedTaskStore,
  type EmbeddedStoreOptions,
} from '../../libs/scheduler/src/store/embedded/embedded.store.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import type { OpenStore } from '../contract/fixtures.js';

/** A folder for one test's files. */
export function temporaryFolder(): { path: (name: string) => string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'embedded-'));
  return { path: (name) => join(folder, name), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Embedded stores in folders of their own. */
export function openEmbedded(more: Partial<EmbeddedStoreOptions> = {}): OpenStore {
  return async (options) => {
    const folder = temporaryFolder();
    const clock = new ManualClock();
    const store = new EmbeddedTaskStore({ ...options, ...more, clock, path: folder.path('scheduler.db') });
    await store.open();
    return {
      store,
      clock,
      close: async () => {
        await store.close();
        folder.remove();
      },
    };
  };
}
