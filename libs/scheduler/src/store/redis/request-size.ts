import type { NewExecution } from '../../core/commands.js';

/** Bytes of one request that stores executions; those of a larger batch are gathered in parts. */
export const REQUEST_BYTES = 8 * 1024 * 1024;
/** Bytes of one part of a batch that is gathered. */
export const PART_BYTES = 2 * 1024 * 1024;

/** Characters of their payloads, which are most of a request that is large. */
export function sizeOf(batch: readonly NewExecution[]): number {
  let size = 0;
  for (const { payload } of batch) size += payload?.length ?? 0;
  return size;
}

/** Runs of items, in order, of at most so many items and, unless it is one item, so large. */
export function split<T>(
  items: readonly T[],
  maxCount: number,
  maxSize: number,
  sizeOfItem: (item: T) => number,
): T[][] {
  const parts: T[][] = [];
  let size = 0;
  for (const item of items) {
    const part = parts.at(-1);
    size += sizeOfItem(item);
    if (part === undefined || part.length >= maxCount || size > maxSize) {
      parts.push([item]);
      size = sizeOfItem(item);
    } else part.push(item);
  }
  return parts;
}
