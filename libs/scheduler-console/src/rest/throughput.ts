import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { SchedulerEvents } from 'nestjs-advanced-scheduler';
import { SchedulerEventSource } from '../scheduler-events.js';

const MINUTE = 60_000;
const KEPT = 60;

export interface MinuteOfEnds {
  /** Its start, ISO 8601. */
  time: string;
  completed: number;
  failed: number;
}

/** Ended executions by minute, as observed by this process. */
@Injectable()
export class Throughput implements OnModuleInit, OnModuleDestroy {
  private readonly minutes = new Map<number, { completed: number; failed: number }>();
  private stop: (() => void) | undefined;

  constructor(private readonly events: SchedulerEventSource) {}

  onModuleInit(): void {
    const names = [SchedulerEvents.EXECUTION_COMPLETED, SchedulerEvents.EXECUTION_FAILED] as const;
    this.stop = this.events.listen(names, (name, { time }) =>
      this.count(time, name === SchedulerEvents.EXECUTION_COMPLETED ? 'completed' : 'failed'),
    );
  }

  onModuleDestroy(): void {
    this.stop?.();
  }

  /** One entry for each of the last 60 minutes, the current one last. */
  lastHour(now = Date.now()): MinuteOfEnds[] {
    const last = Math.floor(now / MINUTE);
    return Array.from({ length: KEPT }, (_, index) => {
      const minute = last - KEPT + 1 + index;
      const { completed = 0, failed = 0 } = this.minutes.get(minute) ?? {};
      return { time: new Date(minute * MINUTE).toISOString(), completed, failed };
    });
  }

  private count(time: string, end: 'completed' | 'failed'): void {
    const minute = Math.floor(Date.parse(time) / MINUTE);
    const counts = this.minutes.get(minute);
    if (counts) counts[end]++;
    else {
      this.minutes.set(minute, { completed: 0, failed: 0, [end]: 1 });
      for (const old of this.minutes.keys()) if (old <= minute - KEPT) this.minutes.delete(old);
    }
  }
}
