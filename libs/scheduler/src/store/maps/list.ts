import type { TaskPriority } from '../../core/priority.js';

/** What stands in a LinkedList: in at most one at a time. */
export interface ListItem<T> {
  prev: T | null;
  next: T | null;
  /** The list it stands in, or null. */
  list: unknown;
  /** Orders it within its list, and stays as it is: what a store on disk remembers of its place. */
  rank: number;
}

/** A doubly linked list threaded through its items: every operation is O(1), none allocates. */
export class LinkedList<T extends ListItem<T>> {
  head: T | null = null;
  tail: T | null = null;
  size = 0;
  private first = 0;
  private last = 0;

  pushTail(item: T): void {
    (item as ListItem<T>).list = this;
    item.rank = ++this.last;
    item.prev = this.tail;
    item.next = null;
    if (this.tail) this.tail.next = item;
    else this.head = item;
    this.tail = item;
    this.size++;
  }

  pushHead(item: T): void {
    (item as ListItem<T>).list = this;
    item.rank = --this.first;
    item.next = this.head;
    item.prev = null;
    if (this.head) this.head.prev = item;
    else this.tail = item;
    this.head = item;
    this.size++;
  }

  /** Puts an item where its rank says. Cheap for one that belongs near the tail. */
  putBack(item: T): void {
    let before = this.tail;
    while (before !== null && before.rank > item.rank) before = before.prev;
    (item as ListItem<T>).list = this;
    item.prev = before;
    item.next = before ? before.next : this.head;
    if (item.prev) item.prev.next = item;
    else this.head = item;
    if (item.next) item.next.prev = item;
    else this.tail = item;
    this.size++;
    this.beyond(item.rank);
  }

  /** Ranks up to this one are taken. */
  beyond(rank: number): void {
    this.last = Math.max(this.last, rank);
    this.first = Math.min(this.first, rank);
  }

  remove(item: T): void {
    if (item.prev) item.prev.next = item.next;
    else this.head = item.next;
    if (item.next) item.next.prev = item.prev;
    else this.tail = item.prev;
    item.prev = item.next = null;
    (item as ListItem<T>).list = null;
    this.size--;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let item = this.head; item;) {
      const next: T | null = item.next;
      yield item;
      item = next;
    }
  }
}

/** A list for each level of priority. */
export type Levels<T extends ListItem<T>> = Record<TaskPriority, LinkedList<T>> & readonly LinkedList<T>[];

export function levels<T extends ListItem<T>>(): Levels<T> {
  return [new LinkedList(), new LinkedList(), new LinkedList(), new LinkedList(), new LinkedList()];
}
