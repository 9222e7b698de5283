import { BullMqSubject } from './bullmq.js';
import type { Subject } from './subject.js';
import { addLoad, probe } from './load.js';
import { OurSubject } from './ours.js';
import { COMMITS_PER_MESSAGE, type Call, type ProcessApi, type Progress, type Reply } from './protocol.js';
import { now, Recorder } from './recorder.js';

/** Runs in a separate process, one for each worker and producer of a measurement, and does what its parent asks. */
const PROGRESS_MS = 50;

let subject: Subject;
let recorder: Recorder;
let reported = 0;

const send = (message: Reply): void => void process.send!(message);

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function reportProgress(): void {
  if (recorder === undefined || recorder.committed === reported) return;
  reported = recorder.committed;
  const progress: Progress = { committed: reported, lastCommit: recorder.lastCommit, cpuUs: cpuUs() };
  send({ progress });
}

const api: ProcessApi = {
  open: async ({ side, timed, ...settings }) => {
    recorder = new Recorder(timed, (committed) => {
      if (committed % COMMITS_PER_MESSAGE === 0) reportProgress();
    });
    const options = { ...settings, recorder };
    subject = await (side === 'ours' ? OurSubject.open(options) : BullMqSubject.open(options));
    setInterval(reportProgress, PROGRESS_MS);
  },
  start: async () => {
    recorder.reset();
    reported = 0;
    const begun = { at: now(), cpuUs: cpuUs() };
    await subject.start();
    return begun;
  },
  pause: () => subject.pause(),
  add: (load) => addLoad(subject, load),
  probe: (count, gap) => probe(subject, count, gap),
  observed: async () => recorder.observed(),
  counts: () => subject.counts(),
  cpuUs: async () => cpuUs(),
};

process.on('message', ({ id, name, args }: Call) => {
  (api[name] as (...args: unknown[]) => Promise<unknown>)(...args).then(
    (result) => send({ id, result }),
    (error: unknown) => send({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
// Its parent is done with it, or gone. What it held in Redis is thrown away.
process.on('disconnect', () => process.exit(0));
