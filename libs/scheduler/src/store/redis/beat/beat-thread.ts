import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { SystemClock } from '../../../core/clock.js';
import type { Driver } from '../connection/open-client.js';
import { scriptCommandOf } from '../connection/script-command.js';
import { ScriptRunner } from '../connection/script-runner.js';
import type { ScriptLibrary } from '../connection/script-source.js';
import { FOLLOW_FORWARD, StoreClock } from '../connection/store-clock.js';
import { unsentStamp } from '../connection/stamp.js';
import { BeatLoop, type BeatLoopSettings } from './beat-loop.js';
import { openThreadClient, type ThreadConnection } from './thread-connection.js';

/** What the thread is given at its start. Later messages to it are lists of workerIds, from it are warnings. */
export interface BeatThreadData extends BeatLoopSettings {
  connection: ThreadConnection;
  library: ScriptLibrary;
  /** The key of the script that renews, and its first argument behind the stamp. */
  root: string;
  frame: string;
  turns: Int32Array;
  /** When the newest renewal that was acknowledged was sent, ns of the machine's monotonic clock. */
  renewed: BigInt64Array;
  /** The file of ioredis, since a script has no place from which to look for a package. */
  driverFile: string;
}

// The entry of a thread: it lives until it is ended from outside.
const { connection, library, root, frame, turns, renewed, driverFile, ...settings } = workerData as BeatThreadData;
const clock = new SystemClock();
const driver = createRequire(driverFile)(driverFile) as Driver;
const commandClass = scriptCommandOf(driver.Command);
const storeClock = new StoreClock(clock);
const firstArgument = `${unsentStamp()}${frame}`;
const warn = (message: string): void => parentPort!.postMessage(message);
const runner = new ScriptRunner(
  () => openThreadClient(connection, driver),
  () => commandClass,
  library,
  clock,
  () => storeClock.text(),
  undefined,
  undefined,
  (now) => {
    const by = storeClock.follow(now);
    const onReply = (reply: unknown): void => {
      const [isFollowed] = reply as [number];
      if (isFollowed === 1) warn(`the store's clock went forward by ${Math.round(by / 1000)} s; deadlines follow it`);
    };
    return by === 0 ? null : { name: FOLLOW_FORWARD, args: [firstArgument, '', by], onReply };
  },
);

async function renew(workerId: string, standsStill: boolean): Promise<void> {
  const sentAt = storeClock.monotonic();
  const sent = process.hrtime.bigint();
  const reply = await runner.run('renew', root, [firstArgument, '', workerId, standsStill ? 1 : 0], true);
  const [known, now] = reply as [known: number, now: number];
  storeClock.observe(now, sentAt);
  if (known === 1) Atomics.store(renewed, 0, sent);
}

const loop = new BeatLoop(renew, turns, settings, clock, (reason) =>
  warn(`a beat of the thread was not heard: ${reason}`),
);
parentPort!.on('message', (workers: readonly string[]) => loop.serve(workers));
runner.start();
loop.start();
