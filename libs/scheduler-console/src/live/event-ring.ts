import { randomUUID } from 'node:crypto';
import type { SchedulerEventName } from 'nestjs-advanced-scheduler';
import type { Redactor } from '../security/redactor.js';

/** Events that a client may have missed and still gets. */
export const RING_SIZE = 5000;
/** Characters of a result, or of a line of a log, that an event carries. */
const MAX_TEXT = 4096;

interface Entry {
  name: SchedulerEventName;
  data: object;
  /** As sent, once somebody wants it: without and with payloads. */
  packets: [string | null, string | null];
}

/** The newest events, numbered from 1. The numbers mean something within one epoch only, that is, one process. */
export class EventRing {
  readonly epoch = randomUUID();
  private readonly entries: (Entry | undefined)[];
  /** Number of the newest; 0: none yet. */
  head = 0;

  constructor(
    private readonly redactor: Redactor,
    private readonly size = RING_SIZE,
  ) {
    this.entries = new Array<Entry | undefined>(size);
  }

  push(name: SchedulerEventName, data: object): void {
    this.head++;
    this.entries[this.head % this.size] = { name, data: bounded(data), packets: [null, null] };
  }

  /** Whether whoever has seen all up to `seq` can still get the rest. */
  reaches(seq: number): boolean {
    return Number.isSafeInteger(seq) && seq >= 0 && seq <= this.head && seq >= this.head - this.size;
  }

  /** A packet of the socket.io protocol, made once for all clients with the same rights. */
  packet(seq: number, payloads: boolean): string {
    const entry = this.entries[seq % this.size]!;
    return (entry.packets[payloads ? 1 : 0] ??= `2${JSON.stringify([
      'event',
      { seq, name: entry.name, data: this.redactor.redact(entry.data, payloads) },
    ])}`);
  }
}

/** So that the ring is bounded in bytes too. What is left out stands in the execution. */
function bounded(data: object): object {
  if ('line' in data && typeof data.line === 'string' && data.line.length > MAX_TEXT)
    return { ...data, line: `${data.line.slice(0, MAX_TEXT)}…` };
  if (!('result' in data) || data.result === null || data.result === undefined) return data;
  const text = JSON.stringify(data.result) ?? '';
  return text.length > MAX_TEXT ? { ...data, result: null, resultOmitted: true } : data;
}
