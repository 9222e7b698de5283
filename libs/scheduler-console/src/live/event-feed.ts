import { randomBytes } from 'node:crypto';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { SchedulerEvents, type SchedulerEventName } from 'nestjs-advanced-scheduler';
import { SchedulerEventSource } from '../scheduler-events.js';

/** An event as clients get it. */
export interface LiveEvent {
  /** Grows by one with each event of an epoch. */
  seq: number;
  name: SchedulerEventName;
  data: unknown;
}

/** Why the events after some position cannot be told. */
export type Hole =
  /** They are not kept any more. */
  | 'TOO_FAR_BEHIND'
  /** Some of other nodes were not heard here. */
  | 'EVENTS_MISSED';

interface KeptEvent extends LiveEvent {
  /** Characters of its data as JSON. */
  size: number;
}

/** So many are kept for clients that were away, as far as their data is not larger: the newest half of it. */
const KEPT = 10_000;
const MAX_SIZE = 32 * 1024 * 1024;

const NAMES: readonly SchedulerEventName[] = [
  ...Object.values(SchedulerEvents),
  'scheduler.lock.granted',
  'scheduler.lock.released',
  'scheduler.lock.lost',
  'scheduler.queue.paused',
  'scheduler.queue.resumed',
  'scheduler.schedule.put',
  'scheduler.schedule.removed',
  'scheduler.schedule.paused',
  'scheduler.schedule.resumed',
  'scheduler.worker.joined',
  'scheduler.worker.draining',
  'scheduler.worker.left',
  'scheduler.worker.lost',
];

/** What happens in the fleet, numbered as this process hears it; bounded in number and in size. */
@Injectable()
export class EventFeed implements OnModuleInit, OnModuleDestroy {
  /** Of this process: numbers of another one mean something else. */
  readonly epoch = randomBytes(9).toString('base64url');
  private readonly kept: KeptEvent[] = [];
  private size = 0;
  private first = 1;
  /** The number that stands for what was not heard, 0 at first. */
  private missedAt = 0;
  private stop: (() => void) | undefined;

  constructor(private readonly events: SchedulerEventSource) {}

  /** Of the last event; 0 before the first. */
  get seq(): number {
    return this.first + this.kept.length - 1;
  }

  onModuleInit(): void {
    this.stop = this.events.listen(NAMES, (name, data) => {
      if (name === SchedulerEvents.EVENTS_MISSED) this.leaveHole();
      else this.keep(name, data);
    });
  }

  onModuleDestroy(): void {
    this.stop?.();
  }

  /**
   * The events after `seq`, the oldest first: one at least if there is one, and further ones while their data has no more
   * than `size` characters together.
   */
  after(seq: number, size: number): LiveEvent[] | Hole {
    if (seq < this.first - 1) return seq < this.missedAt ? 'EVENTS_MISSED' : 'TOO_FAR_BEHIND';
    const from = seq - this.first + 1;
    let to = from;
    for (let sum = 0; to < this.kept.length; to++) {
      sum += this.kept[to]!.size;
      if (to > from && sum > size) break;
    }
    return this.kept.slice(from, to);
  }

  private keep(name: SchedulerEventName, data: unknown): void {
    const size = JSON.stringify(data).length;
    this.kept.push({ seq: this.seq + 1, name, data, size });
    this.size += size;
    // By many at a time: to shift a long array is dear.
    if (this.kept.length < 2 * KEPT && this.size <= MAX_SIZE) return;
    let dropped = 0;
    for (; this.kept.length - dropped > KEPT || this.size > MAX_SIZE / 2; dropped++)
      this.size -= this.kept[dropped]!.size;
    this.forget(dropped);
  }

  /** A number without an event: nobody can follow from before it to after it. */
  private leaveHole(): void {
    this.forget(this.kept.length);
    this.size = 0;
    this.missedAt = this.first++;
  }

  private forget(count: number): void {
    this.kept.splice(0, count);
    this.first += count;
  }
}
