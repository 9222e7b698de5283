import { Inject, Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import type { ExecutionEvent } from 'nestjs-advanced-scheduler';
import type { ResolvedConsoleOptions } from '../resolve-options.js';
import { CONSOLE_OPTIONS } from '../tokens.js';

const MINUTE = 60_000;
const KEPT = 60;

export interface MinuteOfEnds {
  /** Its begin, ISO 8601. */
  time: string;
  completed: number;
  failed: number;
}

/** Ends by minute, as this process hears of them. */
@Injectable()
export class Throughput {
  private readonly minutes = new Map<number, { completed: number; failed: number }>();
  private readonly scheduler: string;

  constructor(@Inject(CONSOLE_OPTIONS) { scheduler = 'default' }: ResolvedConsoleOptions) {
    this.scheduler = scheduler;
  }

  @OnEvent('scheduler.execution.completed')
  onCompleted(event: ExecutionEvent): void {
    this.count(event, 'completed');
  }

  @OnEvent('scheduler.execution.failed')
  onFailed(event: ExecutionEvent): void {
    this.count(event, 'failed');
  }

  /** One for each of the last 60 minutes, the running one last. */
  lastHour(now = Date.now()): MinuteOfEnds[] {
    const last = Math.floor(now / MINUTE);
    return Array.from({ length: KEPT }, (_, index) => {
      const minute = last - KEPT + 1 + index;
      const { completed = 0, failed = 0 } = this.minutes.get(minute) ?? {};
      return { time: new Date(minute * MINUTE).toISOString(), completed, failed };
    });
  }

  private count({ scheduler, time }: ExecutionEvent, end: 'completed' | 'failed'): void {
    if (scheduler !== this.scheduler) return;
    const minute = Math.floor(Date.parse(time) / MINUTE);
    const counts = this.minutes.get(minute);
    if (counts) counts[end]++;
    else {
      this.minutes.set(minute, { completed: 0, failed: 0, [end]: 1 });
      for (const old of this.minutes.keys()) if (old <= minute - KEPT) this.minutes.delete(old);
    }
  }
}
