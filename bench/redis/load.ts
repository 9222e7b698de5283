import { setTimeout as rest } from 'node:timers/promises';
import type { Subject } from './subject.js';
import { jobOf, nodesOf, PAYLOAD } from './job.js';
import type { Action, Interval, Load, Probe } from './protocol.js';
import { now } from './recorder.js';

const IN_FLIGHT = 100;
const SCHEDULES_IN_FLIGHT = 50;
const BULK = 1000;

/** Numbers all graphs of this process, so that no two meet in the record. */
let graphs = 0;
let keptIds: string[] = [];

/** Adds a load. */
export function addLoad(subject: Subject, { count, mode, job = {}, graph, keepIds }: Load): Promise<Interval> {
  const lanes = mode === 'one' ? 1 : IN_FLIGHT;
  const keep = (ids: readonly string[]): void => void (keepIds && keptIds.push(...ids));
  return timed(async () => {
    if (graph) return inLanes(count / graph.nodes, lanes, () => subject.addGraph(nodesOf(graph, graphs++)));
    if (mode !== 'bulk') return inLanes(count, lanes, async (i) => keep([await subject.add(jobOf(job, i, count))]));
    for (let done = 0; done < count; done += BULK) {
      const length = Math.min(BULK, count - done);
      keep(await subject.addBulk(Array.from({ length }, (_, i) => jobOf(job, done + i, count))));
    }
  });
}

export function putSchedules(subject: Subject, from: number, count: number): Promise<Interval> {
  return timed(() => inLanes(count, SCHEDULES_IN_FLIGHT, (i) => subject.putSchedule(from + i)));
}

const ACTIONS: Record<Action, (subject: Subject, id: string) => Promise<boolean>> = {
  cancel: (subject, id) => subject.cancel(id),
  find: async (subject, id) => (await subject.find(id))?.data === PAYLOAD.data,
};

/** Does it to all jobs of kept ids. @throws Error if it fails for one */
export function actOnEach(subject: Subject, action: Action): Promise<Interval> {
  const ids = keptIds;
  keptIds = [];
  return timed(() =>
    inLanes(ids.length, IN_FLIGHT, async (i) => {
      if (!(await ACTIONS[action](subject, ids[i]!))) throw new Error(`${action} of job ${ids[i]} failed`);
    }),
  );
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

/** So many at a time: each lane makes its next call as soon as its last has returned. */
async function inLanes(count: number, lanes: number, call: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane));
}
