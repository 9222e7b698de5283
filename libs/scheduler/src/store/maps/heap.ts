/** What stands in a Heap. Ties go by `order`, the number in which things were made. */
export interface HeapItem {
  at: number;
  order: number;
  /** Its place in the heap; -1 while in none. */
  heapIndex: number;
}

/** A binary heap whose items know their place, so that any of them leaves in O(log n). */
export class Heap<T extends HeapItem> {
  private readonly items: T[] = [];

  get size(): number {
    return this.items.length;
  }

  peek(): T | undefined {
    return this.items[0];
  }

  /** The earliest item, taken out, if it is due. */
  popDue(now: number): T | undefined {
    const first = this.items[0];
    if (!first || first.at > now) return undefined;
    this.remove(first);
    return first;
  }

  /** Takes out the items that are due, earliest first, up to `limit`, and calls `visit` with each. @returns how many */
  eachDue(now: number, visit: (item: T) => void, limit = Number.POSITIVE_INFINITY): number {
    let done = 0;
    for (; done < limit; done++) {
      const item = this.popDue(now);
      if (item === undefined) break;
      visit(item);
    }
    return done;
  }

  push(item: T): void {
    item.heapIndex = this.items.length;
    this.items.push(item);
    this.rise(item.heapIndex);
  }

  remove(item: T): void {
    const index = item.heapIndex;
    if (index < 0) return;
    item.heapIndex = -1;
    const last = this.items.pop()!;
    if (last === item) return;
    this.put(last, index);
    this.rise(index);
    this.sink(last.heapIndex);
  }

  values(): readonly T[] {
    return this.items;
  }

  private rise(from: number): void {
    const item = this.items[from]!;
    let index = from;
    while (index > 0) {
      const parent = this.items[(index - 1) >> 1]!;
      if (!before(item, parent)) break;
      this.put(parent, index);
      index = (index - 1) >> 1;
    }
    this.put(item, index);
  }

  private sink(from: number): void {
    const item = this.items[from]!;
    let index = from;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= this.items.length) break;
      if (child + 1 < this.items.length && before(this.items[child + 1]!, this.items[child]!)) child++;
      if (!before(this.items[child]!, item)) break;
      this.put(this.items[child]!, index);
      index = child;
    }
    this.put(item, index);
  }

  private put(item: T, index: number): void {
    this.items[index] = item;
    item.heapIndex = index;
  }
}

function before(a: HeapItem, b: HeapItem): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
