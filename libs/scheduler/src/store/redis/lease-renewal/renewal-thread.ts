import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { SystemClock } from '../../../core/clock.js';
import type { Driver } from '../connection/open-client.js';
import { scriptCommandOf } from '../connection/script-command.js';
import { ScriptRunner } from '../connection/script-runner.js';
import type { ScriptLibrary } from '../connection/script-source.js';
import { FOLLOW_FORWARD, StoreClock } from '../connection/store-clock.js';
import { unsentStamp } from '../connection/stamp.js';
import { RenewalLoop, type RenewalLoopSettings } from './renewal-loop.js';
import { openThreadClient, type ThreadConnection } from './thread-connection.js';

/** The start data of the thread. Later messages to it are lists of worker ids; messages from it are warnings. */
export interface RenewalThreadData extends RenewalLoopSettings {
  connection: ThreadConnection;
  library: ScriptLibrary;
  /** The key of the script `renew`, and its first argument after the stamp. */
  root: string;
  context: string;
  turns: Int32Array;
  /** When the newest acknowledged renewal was sent, ns of the machine's monotonic clock. */
  renewed: BigInt64Array;
  /** The file of ioredis: an evaluated script cannot resolve packages. */
  driverFile: string;
}

// The entry point of a thread that runs until it is terminated.
const { connection, library, root, context, turns, renewed, driverFile, ...settings } = workerData as RenewalThreadData;
const clock = new SystemClock();
const driver = createRequire(driverFile)(driverFile) as Driver;
const commandClass = scriptCommandOf(driver.Command);
const storeClock = new StoreClock(clock);
const firstArgument = `${unsentStamp()}${context}`;
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

async function renew(workerId: string, isBlocked: boolean): Promise<void> {
  const sentAt = storeClock.monotonic();
  const sent = process.hrtime.bigint();
  const renewFrom = async (place: string): Promise<[known: number, now: number, next: string]> => {
    const args = [firstArgument, '', workerId, isBlocked ? 1 : 0, place];
    return (await runner.run('renew', root, args, true)) as [number, number, string];
  };
  const [known, now, next] = await renewFrom('0');
  storeClock.observe(now, sentAt);
  if (known === 1) Atomics.store(renewed, 0, sent);
  // Locks of the other runs of a worker that has many.
  for (let place = next; place !== '';) [, , place] = await renewFrom(place);
}

const loop = new RenewalLoop(renew, turns, settings, clock, (reason) =>
  warn(`lease renewal by the thread failed: ${reason}`),
);
parentPort!.on('message', (workers: readonly string[]) => loop.setWorkers(workers));
runner.start();
loop.start();
