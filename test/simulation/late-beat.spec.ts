import { Logger } from '@nestjs/common';
import { expect, it } from '@jest/globals';
import { MemoryTaskStore } from '../../libs/scheduler/src/store/memory/memory.store.js';
import type { HeartbeatReply, TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import { LEASE_MS } from './fixtures/link.js';
import { SimulatedNode } from './fixtures/node.js';
import { SimulatedProcess } from './fixtures/process.js';
import { Timeline } from './fixtures/timeline.js';

Logger.overrideLogger(false);

/** Two runs of one execution on one worker: the reply to a beat that names the first arrives during the second. */
async function beatDuringSecondRun(
  change: (reply: HeartbeatReply) => HeartbeatReply,
): Promise<{ status: string; did: string[] }> {
  const timeline = new Timeline();
  const process = new SimulatedProcess(timeline);
  const inner = new MemoryTaskStore({ clock: process, lease: LEASE_MS });
  const did: string[] = [];
  let isHeld = false;
  const store = new Proxy(inner, {
    get: (_, verb) => {
      if (verb !== 'heartbeat') return Reflect.get(inner, verb).bind?.(inner) ?? Reflect.get(inner, verb);
      return async (...[workerId, runs]: Parameters<TaskStore['heartbeat']>) => {
        if (runs.length === 0 || isHeld) return inner.heartbeat(workerId, runs);
        isHeld = true;
        await new Promise<void>((resolve) => void timeline.after(LEASE_MS / 3, resolve));
        return change(await inner.heartbeat(workerId, runs));
      };
    },
  });
  const record = (what: string, _id: string, run: number): void => void did.push(`${what} ${run}`);
  const node = new SimulatedNode('w1', process, null as never, { store, hear: () => undefined }, record);
  void node.start();
  const scheduled = node.schedule('fragile', { payload: { ms: LEASE_MS / 3 + 200, failures: 1, heeds: true } });
  await timeline.run(4 * LEASE_MS);
  const execution = await inner.getExecution(await scheduled);
  void node.stop();
  await timeline.run(6 * LEASE_MS);
  return { status: execution!.status, did };
}

const WHOLE = { status: 'COMPLETED', did: ['start 1', 'start 2', 'end 2'] };

it('a run is not lost with an earlier one of the same execution', async () => {
  expect(await beatDuringSecondRun((reply) => reply)).toEqual(WHOLE);
});

it('a run is not cancelled with an earlier one of the same execution', async () => {
  expect(await beatDuringSecondRun((reply) => ({ ...reply, lost: [], cancelRequested: reply.lost }))).toEqual(WHOLE);
});
