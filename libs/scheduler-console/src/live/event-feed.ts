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

/** So many are kept for clients that were away. */
const KEPT = 5000;

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

/** What happens in the fleet, numbered as this process hears it. */
@Injectable()
export class EventFeed implements OnModuleInit, OnModuleDestroy {
  /** Of this process: numbers of another one mean something else. */
  readonly epoch = randomBytes(9).toString('base64url');
  private readonly kept: LiveEvent[] = [];
  private first = 1;
  private stop: (() => void) | undefined;

  constructor(private readonly events: SchedulerEventSource) {}

  /** Of the last event; 0 before the first. */
  get seq(): number {
    return this.first + this.kept.length - 1;
  }

  onModuleInit(): void {
    this.stop = this.events.listen(NAMES, (name, data) => this.keep(name, data));
  }

  onModuleDestroy(): void {
    this.stop?.();
  }

  /** The events after `seq`, the oldest first; null: some of them are not kept any more. */
  after(seq: number): LiveEvent[] | null {
    return seq < this.first - 1 || seq > this.seq ? null : this.kept.slice(seq - this.first + 1);
  }

  private keep(name: SchedulerEventName, data: unknown): void {
    this.kept.push({ seq: this.seq + 1, name, data });
    // By many at a time: to shift a long array is dear.
    if (this.kept.length < 2 * KEPT) return;
    this.kept.splice(0, KEPT);
    this.first += KEPT;
  }
}
