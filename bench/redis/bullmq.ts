import { FlowProducer, Queue, Worker } from 'bullmq';
import type { Subject, SubjectOptions, Counts } from './subject.js';
import { CHILDREN, PAYLOAD, type JobData } from './job.js';

const QUEUE = 'bench';
const KEEP = { removeOnComplete: { count: 1000 } };

/**
 * BullMQ with its own defaults (events stream on), but a thousand completed jobs kept, as many as our history. The
 * worker's option asks for it, unless told otherwise: cheaper for it than one stored with each job.
 */
export class BullMqSubject implements Subject {
  private readonly connection: { host: string; port: number };
  private readonly queue: Queue<JobData>;
  private readonly worker: Worker<JobData> | null = null;
  private flows: FlowProducer | null = null;

  private constructor({ port, role, concurrency, recorder, bullMqKeepBy }: SubjectOptions) {
    const byWorker = bullMqKeepBy === 'worker';
    this.connection = { host: '127.0.0.1', port };
    this.queue = new Queue(QUEUE, { connection: this.connection, defaultJobOptions: byWorker ? undefined : KEEP });
    if (role === 'producer') return;
    this.worker = new Worker<JobData>(
      QUEUE,
      async (job) => {
        recorder.started(job.id!, job.data);
      },
      { connection: this.connection, concurrency, autorun: false, ...(byWorker ? KEEP : {}) },
    );
    this.worker.on('completed', (job) => recorder.ended(job.id!));
    this.worker.on('failed', (_, error) => recorder.hasFailed(error.message));
    this.worker.on('error', (error) => recorder.hasFailed(error.message));
  }

  static async open(options: SubjectOptions): Promise<BullMqSubject> {
    const subject = new BullMqSubject(options);
    await subject.queue.waitUntilReady();
    await subject.worker?.waitUntilReady();
    return subject;
  }

  async start(): Promise<void> {
    await this.worker!.resume();
  }

  async pause(): Promise<void> {
    await this.worker!.pause();
  }

  async add(data: JobData): Promise<string> {
    const job = await this.queue.add('noop', data, optionsOf(data));
    return job.id!;
  }

  async addBulk(batch: readonly JobData[]): Promise<void> {
    await this.queue.addBulk(batch.map((data) => ({ name: 'noop', data, opts: optionsOf(data) })));
  }

  async addFlow(flow: number): Promise<void> {
    this.flows ??= new FlowProducer({ connection: this.connection });
    await this.flows.add({
      name: 'noop',
      queueName: QUEUE,
      data: { ...PAYLOAD, flow, parent: true },
      children: Array.from({ length: CHILDREN }, () => ({
        name: 'noop',
        queueName: QUEUE,
        data: { ...PAYLOAD, flow },
      })),
    });
  }

  async counts(): Promise<Counts> {
    const {
      active = 0,
      failed = 0,
      ...rest
    } = await this.queue.getJobCounts('wait', 'prioritized', 'delayed', 'waiting-children', 'active', 'failed');
    return { waiting: Object.values(rest).reduce((sum, count) => sum + count, 0), active, failed };
  }
}

/** Its priorities are 1 (first) and up; none at all comes before them. */
function optionsOf({ level }: JobData): { priority: number } | undefined {
  return level === undefined ? undefined : { priority: level + 1 };
}
