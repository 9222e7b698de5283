import { MemoryTaskStore } from '../../libs/scheduler/src/store/memory/memory.store.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import type { OpenStore } from '../contract/fixtures.js';

export const openMemory: OpenStore = async (options) => {
  const clock = new ManualClock();
  const store = new MemoryTaskStore({ ...options, clock });
  await store.open();
  return { store, clock, close: () => store.close() };
};
