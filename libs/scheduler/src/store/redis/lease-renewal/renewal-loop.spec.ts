import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../testing/manual-clock.js';
import { RenewalLoop } from './renewal-loop.js';

const INTERVAL = 5_000;
const STALL_LIMIT = 60_000;

let clock: ManualClock;
let turns: Int32Array;
let beats: [worker: string, standsStill: boolean][];
let warnings: string[];
let answer: () => Promise<unknown>;
let loop: RenewalLoop;

beforeEach(() => {
  clock = new ManualClock();
  turns = new Int32Array(new SharedArrayBuffer(4));
  [beats, warnings] = [[], []];
  answer = () => Promise.resolve();
  const settings = { interval: INTERVAL, stallLimit: STALL_LIMIT };
  const renew = (worker: string, standsStill: boolean) => (beats.push([worker, standsStill]), answer());
  loop = new RenewalLoop(renew, turns, settings, clock, (message) => warnings.push(message));
  loop.setWorkers(['w']);
  loop.start();
});

/** Lets intervals pass, in each of which the event loop of the process turns or not. */
async function pass(intervals: number, isTurning: boolean): Promise<number> {
  const before = beats.length;
  for (let i = 0; i < intervals; i++) {
    if (isTurning) Atomics.add(turns, 0, 1);
    clock.advance(INTERVAL);
    await new Promise(setImmediate);
  }
  return beats.length - before;
}

describe('BeatLoop', () => {
  it('sends heartbeats for each registered worker, and for none after it has stopped', async () => {
    expect(await pass(2, true)).toBe(2);
    loop.setWorkers(['v', 'w']);
    await pass(1, true);
    expect(beats.slice(2)).toEqual([
      ['v', false],
      ['w', false],
    ]);
    loop.setWorkers([]);
    expect(await pass(1, true)).toBe(0);
    loop.setWorkers(['w']);
    loop.stop();
    expect(await pass(1, true)).toBe(0);
  });

  it('continues while the event loop is blocked, and reports it', async () => {
    await pass(1, true);
    await pass(2, false);
    await pass(1, true);
    expect(beats.map(([, standsStill]) => standsStill)).toEqual([false, true, true, false]);
  });

  it('stops when the event loop was blocked for the limit, and starts again when it runs', async () => {
    await pass(1, true);
    expect(await pass(20, false)).toBe(STALL_LIMIT / INTERVAL);
    expect(await pass(1, true)).toBe(1);
    expect(await pass(20, false)).toBe(STALL_LIMIT / INTERVAL);
  });

  it('sends no heartbeat while one is in flight', async () => {
    let done!: () => void;
    answer = () => new Promise<void>((resolve) => (done = resolve));
    expect(await pass(3, true)).toBe(1);
    done();
    await new Promise(setImmediate);
    expect(await pass(1, true)).toBe(1);
  });

  it('continues after failures, and reports the first of a series', async () => {
    answer = () => Promise.reject(new Error('down'));
    expect(await pass(3, true)).toBe(3);
    expect(warnings).toEqual(['down']);
    answer = () => Promise.resolve();
    await pass(1, true);
    answer = () => Promise.reject(new Error('down again'));
    await pass(2, true);
    expect(warnings).toEqual(['down', 'down again']);
  });
});
