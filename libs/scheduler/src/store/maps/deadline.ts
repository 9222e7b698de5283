import type { HeapItem } from './heap.js';

/** An instant at which something about an execution is due. */
export class Deadline<T> implements HeapItem {
  heapIndex = -1;

  constructor(
    public at: number,
    readonly order: number,
    readonly row: T,
  ) {}
}
