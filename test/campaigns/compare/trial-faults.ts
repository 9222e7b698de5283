import type { TrialFault } from './trial.js';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** Longer than BullMQ's lock (30 s) and our lease (15 s). */
const LONG_MS = 40_000;

const nothing: TrialFault = { name: 'none', strike: () => sleep(5_000) };

/** Of three, two; nobody takes their places. */
const killWorkers: TrialFault = {
  name: 'SIGKILL of two workers',
  async strike({ contender: { workers } }) {
    await Promise.all(workers.slice(0, 2).map(({ node }) => node.kill()));
  },
};

const blockLoop: TrialFault = {
  name: 'event loop blocked for 40 s',
  async strike(trial) {
    const id = await trial.add('plain', 'blockedWork', { ms: LONG_MS });
    await trial.begun([id]);
    await sleep(LONG_MS);
  },
};

/** At a limit below what it holds, with handlers under way. */
const fullServer: TrialFault = {
  name: 'full Redis for 35 s',
  async strike(trial) {
    const { redis } = trial.contender;
    const ids = await Promise.all(
      Array.from({ length: 6 }, () => trial.add('plain', 'work', { ms: LONG_MS - 10_000 })),
    );
    await trial.begun(ids);
    await redis.command('CONFIG', 'SET', 'maxmemory', '1mb');
    await sleep(LONG_MS - 5_000);
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
  },
};

/** As a firewall that has forgotten them: the connections of all workers; new ones work. */
const halfOpen: TrialFault = {
  name: 'half-open connections',
  async strike({ contender: { workers } }) {
    for (const { proxy } of workers) proxy.killSilently();
    await sleep(20_000);
  },
};

/** Requests of producer and workers in turn that reach the server when their sender has given up and sent them again. */
const lateRequests: TrialFault = {
  name: '12 requests delivered late',
  async strike({ contender: { producer, workers } }) {
    const posts = [producer, ...workers];
    for (let i = 0; i < 12; i++) {
      const { proxy } = posts[i % posts.length]!;
      // BullMQ runs scripts, we run functions.
      const held = proxy.holdRequest('evalsha', 'fcall');
      const isHeld = await Promise.race([held.then(() => true), sleep(5_000)]);
      if (!isHeld) throw new Error('no request for 5 s');
      await sleep(500);
      await Promise.race([proxy.deliverHeld(), sleep(2_000)]);
    }
  },
};

export const TRIAL_FAULTS = [nothing, killWorkers, blockLoop, fullServer, halfOpen, lateRequests];
