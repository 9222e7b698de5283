import type { Claim } from '../records.js';
import { SIMPLE_RUN } from './codec/codes.js';
import { simpleClaim } from './codec/executions.js';
import { claimsIn } from './enqueue.js';
import type { ExchangePacker } from './exchange.js';

/** A worker of this process. */
export interface OwnWorker {
  readonly workerId: string;
  readonly take: (claim: Claim, age: number) => void;
}

/** Claims that workers of this process get outside of their exchanges: with a message, or with the reply to an enqueue. */
export class DirectDispatch {
  private workers: readonly OwnWorker[] = [];

  /** @param ageOf ms since an instant of the store */
  constructor(
    private readonly packer: ExchangePacker,
    private readonly ageOf: (time: number) => number,
  ) {}

  add(worker: OwnWorker): void {
    this.workers = [...this.workers, worker];
  }

  delete(worker: OwnWorker): void {
    this.workers = this.workers.filter((each) => each !== worker);
  }

  /** The worker that may claim what a request stores; undefined: none. */
  get worker(): OwnWorker | undefined {
    return this.workers.at(-1);
  }

  onMessage(worker: OwnWorker, message: string): void {
    const [time, no, ...records] = message.split('\n');
    this.take(worker, Number(time), no!, records);
  }

  /** @param worker the one that the request named @param reply see `claimsIn` */
  onReply(worker: OwnWorker, reply: string, args: readonly string[]): void {
    const { time, no, records } = claimsIn(reply, args);
    this.take(worker, time, no, records);
  }

  /** Drops the claims of a worker that has left: the store takes its runs back. */
  private take(worker: OwnWorker, time: number, no: string, records: readonly string[]): void {
    if (!this.workers.includes(worker)) return;
    for (let i = 0; i < records.length; i += 2) {
      const claim = simpleClaim(records[i]!, records[i + 1]!, time);
      this.packer.remember(worker.workerId, claim, records[i + 1]!, `${SIMPLE_RUN}${time}|${no}`);
      worker.take(claim, this.ageOf(time));
    }
  }
}
