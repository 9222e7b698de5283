/**
 * A process of BullMQ with its own defaults, driven by its parent as those of a fleet are.
 * argv: { port, ledger, role: 'producer' | 'worker', concurrency } as JSON.
 */
import { FlowProducer, Queue, Worker } from 'bullmq';
import { openLedger, serveParent, tell } from '../../cluster/fixtures/child.mjs';
import { HANDLERS } from '../../cluster/fixtures/handlers.mjs';

const { port, ledger, role, concurrency } = JSON.parse(process.argv[2]);

const QUEUE = 'campaign';
const ALL = ['wait', 'active', 'delayed', 'prioritized', 'waiting-children', 'completed', 'failed'];
const STATUS = { completed: 'COMPLETED', failed: 'FAILED' };
const PAGE = 1000;
const connection = { host: '127.0.0.1', port };
const self = { tell: () => undefined, record: openLedger(ledger) };

/** The same handlers as ours; a run's number is what it calls attemptsStarted. */
function handle(job) {
  const ctx = { executionId: job.id, attempt: job.attemptsStarted, fencingToken: null };
  return HANDLERS[job.name](job.data, ctx, self);
}

const queue = new Queue(QUEUE, { connection });
const flows = new FlowProducer({ connection });
// It reports lost connections here; without a listener they would end the process.
for (const each of [queue, flows]) each.on('error', () => undefined);
if (role === 'worker') {
  const worker = new Worker(QUEUE, handle, { connection, concurrency });
  worker.on('error', () => undefined);
  await worker.waitUntilReady();
} else {
  await queue.waitUntilReady();
}

const OPTIONS = { retried: { attempts: 3, backoff: { type: 'fixed', delay: 50 } }, delayed: { delay: 700 } };
const commands = {
  async add(kind, name, payload) {
    const job = await queue.add(name, payload, OPTIONS[kind]);
    return job.id;
  },
  /** @returns the ids of the children, then that of the parent */
  async addFlow(count, payload) {
    const one = { name: 'work', queueName: QUEUE, data: payload };
    const { job, children } = await flows.add({ ...one, children: Array.from({ length: count }, () => one) });
    return [...children.map((child) => child.job.id), job.id];
  },
  async unfinished() {
    const { completed: _completed, failed: _failed, ...open } = await queue.getJobCounts(...ALL);
    return Object.values(open).reduce((sum, count) => sum + count, 0);
  },
  async audit() {
    const rows = [];
    for (const state of ALL)
      for (let from = 0; ; from += PAGE) {
        const jobs = await queue.getJobs([state], from, from + PAGE - 1);
        for (const job of jobs)
          rows.push([job.id, job.name, STATUS[state] ?? state, job.failedReason ?? null, job.attemptsStarted]);
        if (jobs.length < PAGE) break;
      }
    return rows;
  },
};

serveParent(commands);
tell('up', { workerId: `${process.pid}` });
