import { randomBytes } from 'node:crypto';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { SchedulerEvents, type SchedulerEventName } from 'nestjs-advanced-scheduler';
import { SchedulerEventSource } from '../scheduler-events.js';

/** An event as sent to clients. */
export interface LiveEvent {
  /** Grows by one with each event of an epoch. */
  seq: number;
  name: SchedulerEventName;
  data: unknown;
}

/** Why the events after a position cannot be sent. */
export type FeedGap =
  /** They are no longer kept. */
  | 'TOO_FAR_BEHIND'
  /** Some events of other nodes did not reach this process. */
  | 'EVENTS_MISSED';

interface KeptEvent extends LiveEvent {
  /** Characters of its data as JSON. */
  size: number;
}

/** Number of events kept for clients that are behind; if their data exceeds MAX_SIZE, only the newest half of it. */
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

/** The events of the fleet, numbered as this process receives them; limited in number and size. */
@Injectable()
export class EventFeed implements OnModuleInit, OnModuleDestroy {
  /** Identifies this process: numbers are valid only within an epoch. */
  readonly epoch = randomBytes(9).toString('base64url');
  private readonly kept: KeptEvent[] = [];
  private size = 0;
  private first = 1;
  /** The number of the newest gap; 0: none. */
  private missedAt = 0;
  private stop: (() => void) | undefined;

  constructor(private readonly events: SchedulerEventSource) {}

  /** Number of the last event; 0 before the first. */
  get seq(): number {
    return this.first + this.kept.length - 1;
  }

  onModuleInit(): void {
    this.stop = this.events.listen(NAMES, (name, data) => {
      if (name === SchedulerEvents.EVENTS_MISSED) this.recordGap();
      else this.append(name, data);
    });
  }

  onModuleDestroy(): void {
    this.stop?.();
  }

  /** The events after `seq`, oldest first: at least one if there is one, and more up to `size` characters of data. */
  after(seq: number, size: number): LiveEvent[] | FeedGap {
    if (seq < this.first - 1) return seq < this.missedAt ? 'EVENTS_MISSED' : 'TOO_FAR_BEHIND';
    const from = seq - this.first + 1;
    let to = from;
    for (let sum = 0; to < this.kept.length; to++) {
      sum += this.kept[to]!.size;
      if (to > from && sum > size) break;
    }
    return this.kept.slice(from, to);
  }

  private append(name: SchedulerEventName, data: unknown): void {
    const size = JSON.stringify(data).length;
    this.kept.push({ seq: this.seq + 1, name, data, size });
    this.size += size;
    // In bulk, since shifting a long array is expensive.
    if (this.kept.length < 2 * KEPT && this.size <= MAX_SIZE) return;
    let dropped = 0;
    for (; this.kept.length - dropped > KEPT || this.size > MAX_SIZE / 2; dropped++)
      this.size -= this.kept[dropped]!.size;
    this.drop(dropped);
  }

  /** A number without an event: no client can continue across it. */
  private recordGap(): void {
    this.drop(this.kept.length);
    this.size = 0;
    this.missedAt = this.first++;
  }

  private drop(count: number): void {
    this.kept.splice(0, count);
    this.first += count;
  }
}
