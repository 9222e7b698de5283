import { FlowProducer, Queue, Worker, type FlowJob, type Job, type JobsOptions } from 'bullmq';
import type { Subject, SubjectOptions, Counts } from './subject.js';
import { PAYLOAD, type JobData } from './job.js';

const QUEUE = 'bench';
const KEEP = { removeOnComplete: { count: 1000 } };
const STATES = ['wait', 'prioritized', 'delayed', 'waiting-children', 'active', 'failed'] as const;

/**
 * BullMQ with its own defaults (events stream on), but a thousand completed jobs kept, as many as our history. The
 * worker's option sets that by default, which costs BullMQ less than an option of each job.
 */
class BullMqSubject implements Subject {
  private readonly connection: { host: string; port: number };
  readonly queue: Queue<JobData>;
  readonly worker: Worker<JobData> | null = null;
  private flows: FlowProducer | null = null;

  constructor({ port, role, concurrency, recorder, bullMqKeepBy }: SubjectOptions) {
    const byWorker = bullMqKeepBy === 'worker';
    this.connection = { host: '127.0.0.1', port };
    this.queue = new Queue(QUEUE, { connection: this.connection, defaultJobOptions: byWorker ? undefined : KEEP });
    if (role === 'producer') return;
    this.worker = new Worker<JobData>(
      QUEUE,
      async (job) => recorder.handle(job.id!, job.data, job.attemptsMade + 1, dueOf(job)),
      { connection: this.connection, concurrency, autorun: false, ...(byWorker ? KEEP : {}) },
    );
    this.worker.on('completed', (job) => recorder.ended(job.id!));
    this.worker.on('failed', (job, error) => {
      if (!job || job.attemptsMade >= (job.opts.attempts ?? 1)) recorder.hasFailed(error.message);
    });
    this.worker.on('error', (error) => recorder.hasFailed(error.message));
  }

  async start(): Promise<void> {
    await this.worker!.resume();
  }

  async pause(): Promise<void> {
    await this.worker!.pause();
  }

  pauseQueue(): Promise<void> {
    return this.queue.pause();
  }

  async add(job: JobData): Promise<string> {
    const { id } = await this.queue.add('noop', job, optionsOf(job));
    return id!;
  }

  async addBulk(jobs: readonly JobData[]): Promise<string[]> {
    const added = await this.queue.addBulk(jobs.map((job) => ({ name: 'noop', data: job, opts: optionsOf(job) })));
    return added.map(({ id }) => id!);
  }

  async addGraph(nodes: readonly JobData[]): Promise<void> {
    this.flows ??= new FlowProducer({ connection: this.connection });
    await this.flows.add(treeOf(nodes));
  }

  async putSchedule(schedule: number): Promise<void> {
    const data = { ...PAYLOAD, schedule };
    await this.queue.upsertJobScheduler(`schedule-${schedule}`, { pattern: '* * * * * *' }, { name: 'noop', data });
  }

  schedules(): Promise<number> {
    return this.queue.getJobSchedulersCount();
  }

  async cancel(id: string): Promise<boolean> {
    return (await this.queue.remove(id)) === 1;
  }

  async find(id: string): Promise<JobData | null> {
    return (await this.queue.getJob(id))?.data ?? null;
  }

  async counts(): Promise<Counts> {
    const { active = 0, failed = 0, ...rest } = await this.queue.getJobCounts(...STATES);
    return { waiting: Object.values(rest).reduce((sum, count) => sum + count, 0), active, failed };
  }
}

export async function openBullMq(options: SubjectOptions): Promise<Subject> {
  const subject = new BullMqSubject(options);
  await subject.queue.waitUntilReady();
  await subject.worker?.waitUntilReady();
  return subject;
}

/** Its priorities are 1 (first) and up; none at all comes before them. A retry without a backoff is immediate. */
function optionsOf({ level, failures, due }: JobData): JobsOptions | undefined {
  if (level !== undefined) return { priority: level + 1 };
  if (failures !== undefined) return { attempts: failures + 1 };
  return due === undefined ? undefined : { delay: Math.max(0, due - Date.now()) };
}

/** When the job of a schedule was to start. */
function dueOf({ data, opts }: Job<JobData>): number | undefined {
  return data.schedule === undefined ? data.due : (opts as { prevMillis?: number }).prevMillis;
}

/** The last node at the root. @throws Error unless no node but the last has no dependent or more than one */
function treeOf(nodes: readonly JobData[]): FlowJob {
  const used = new Set<number>();
  const treeAt = (node: number): FlowJob => {
    if (used.has(node)) throw new Error('a flow of BullMQ is a tree');
    used.add(node);
    const { after } = nodes[node]!;
    const children = after && nodes.slice(...after).map((_, i) => treeAt(after[0] + i));
    return { name: 'noop', queueName: QUEUE, data: nodes[node], ...(children && { children }) };
  };
  const tree = treeAt(nodes.length - 1);
  if (used.size !== nodes.length) throw new Error('a flow of BullMQ has one root');
  return tree;
}
