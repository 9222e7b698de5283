import type { NewExecution } from '../../core/commands.js';
import { sizeOfPayload } from '../../core/payload.js';

/** Payload bytes of one request that stores executions; a larger batch is staged in parts. */
export const REQUEST_BYTES = 1024 * 1024;
/** Bytes of one part of a staged batch. */
export const STAGE_BYTES = 1024 * 1024;

/** Characters of the payloads, the largest part of a large request. */
export function sizeOf(batch: readonly NewExecution[]): number {
  let size = 0;
  for (const { payload } of batch) size += sizeOfPayload(payload);
  return size;
}

/** Splits items, in order, into parts of at most `maxCount` items and, unless it is a single item, `maxSize`. */
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
