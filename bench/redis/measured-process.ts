import { BullMqContender } from './bullmq.js';
import type { Contender } from './contender.js';
import { addLoad, probe } from './load.js';
import { OurContender } from './ours.js';
import { TOLD_COMMITS, type Call, type ProcessApi, type Progress, type Reply } from './protocol.js';
import { now, Recorder } from './recorder.js';

/** Runs in a process of its own, one for each worker and producer of a measurement, and does what its parent asks. */
const PROGRESS_MS = 50;

let contender: Contender;
let recorder: Recorder;
let told = 0;

const tell = (message: Reply): void => void process.send!(message);

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function tellProgress(): void {
  if (recorder === undefined || recorder.committed === told) return;
  told = recorder.committed;
  const progress: Progress = { committed: told, lastCommit: recorder.lastCommit, cpuUs: cpuUs() };
  tell({ progress });
}

const api: ProcessApi = {
  open: async ({ side, timed, ...settings }) => {
    recorder = new Recorder(timed, (committed) => {
      if (committed % TOLD_COMMITS === 0) tellProgress();
    });
    const options = { ...settings, recorder };
    contender = await (side === 'ours' ? OurContender.open(options) : BullMqContender.open(options));
    setInterval(tellProgress, PROGRESS_MS);
  },
  start: async () => {
    recorder.reset();
    told = 0;
    const begun = { at: now(), cpuUs: cpuUs() };
    await contender.start();
    return begun;
  },
  pause: () => contender.pause(),
  add: (load) => addLoad(contender, load),
  probe: (count, gap) => probe(contender, count, gap),
  observed: async () => recorder.observed(),
  counts: () => contender.counts(),
};

process.on('message', ({ id, name, args }: Call) => {
  (api[name] as (...args: unknown[]) => Promise<unknown>)(...args).then(
    (result) => tell({ id, result }),
    (error: unknown) => tell({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
// Its parent is done with it, or gone. What it held in Redis is thrown away.
process.on('disconnect', () => process.exit(0));
