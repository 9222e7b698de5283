import type { Subject } from './subject.js';
import { SUBJECTS } from './subjects.js';
import { actOnEach, addLoad, probe, putSchedules } from './load.js';
import { COMMITS_PER_MESSAGE, type Call, type ProcessApi, type Progress, type Reply } from './protocol.js';
import { now, Recorder, STARTED_AT } from './recorder.js';

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
  open: async ({ subject: name, timed, ...settings }) => {
    const open = await SUBJECTS[name]();
    const loaded = now();
    recorder = new Recorder(timed, (committed) => {
      if (committed % COMMITS_PER_MESSAGE === 0) reportProgress();
    });
    subject = await open({ ...settings, recorder });
    setInterval(reportProgress, PROGRESS_MS);
    return { started: STARTED_AT, loaded };
  },
  start: async () => {
    recorder.reset();
    reported = 0;
    const begun = { at: now(), cpuUs: cpuUs() };
    await subject.start();
    return { ...begun, claiming: now() };
  },
  pause: () => subject.pause(),
  pauseQueue: () => subject.pauseQueue(),
  add: (load) => addLoad(subject, load),
  putSchedules: (from, count) => putSchedules(subject, from, count),
  schedules: () => subject.schedules(),
  each: (action) => actOnEach(subject, action),
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
// Its parent has disconnected or died. The server and its data are discarded.
process.on('disconnect', () => process.exit(0));
