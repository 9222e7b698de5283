import { setTimeout as rest } from 'node:timers/promises';
import type { Subject } from './subject.js';
import { CHILDREN, LEVELS, PAYLOAD, type JobData } from './job.js';
import type { Load, Probe, Interval } from './protocol.js';
import { now } from './recorder.js';

const IN_FLIGHT = 100;
const BULK = 1000;

/** Jobs of a flow. */
export const FLOW = CHILDREN + 1;

/** Numbers all flows of this process, so that no two meet in the record. */
let flows = 0;

/** Adds a load. */
export function addLoad(subject: Subject, { count, mode, kind }: Load): Promise<Interval> {
  const data = (i: number): JobData => (kind === 'levels' ? { ...PAYLOAD, level: i % LEVELS } : PAYLOAD);
  const lanes = mode === 'one' ? 1 : IN_FLIGHT;
  return timed(() => {
    if (kind === 'flows') return inLanes(count / FLOW, lanes, () => subject.addFlow(flows++));
    if (mode === 'bulk') return inBulk(subject, count, data);
    return inLanes(count, lanes, (i) => subject.add(data(i)));
  });
}

/** Adds one, rests for `gap` ms, and so on. */
export async function probe(subject: Subject, count: number, gap: number): Promise<Interval & { probes: Probe[] }> {
  const probes: Probe[] = [];
  const interval = await timed(async () => {
    for (let i = 0; i < count; i++) {
      const called = now();
      const id = await subject.add(PAYLOAD);
      probes.push({ id, called, returned: now() });
      await rest(gap);
    }
  });
  return { ...interval, probes };
}

async function timed(work: () => Promise<void>): Promise<Interval> {
  const cpu = process.cpuUsage();
  const begun = now();
  await work();
  const ended = now();
  const { user, system } = process.cpuUsage(cpu);
  return { begun, ended, cpuUs: user + system };
}

/** So many at a time; each lane goes on as soon as its own add has returned. */
async function inLanes(count: number, lanes: number, add: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await add(next++);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane));
}

async function inBulk(subject: Subject, count: number, data: (i: number) => JobData): Promise<void> {
  for (let done = 0; done < count; done += BULK)
    await subject.addBulk(Array.from({ length: Math.min(BULK, count - done) }, (_, i) => data(done + i)));
}
