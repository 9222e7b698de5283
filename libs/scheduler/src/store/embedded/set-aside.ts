import { StoreDamagedError } from '../../core/errors.js';
import type { Effect } from '../../core/effects.js';
import { messageOf } from './sqlite.js';

/**
 * Records that have a valid checksum but cannot be read: bad JSON, a status that does not exist. They stay in the file
 * unchanged, are counted and reported, and do not block others. A wrong checksum is damage instead.
 */
export class SetAside {
  private readonly errors = new Map<string, string>();
  private unreported: string[] = [];

  get count(): number {
    return this.errors.size;
  }

  /** Whether there is a record of that kind among them. */
  has(kind: string): boolean {
    return [...this.errors.keys()].some((id) => id.startsWith(`${kind} `));
  }

  /** @returns the result of `read`, or null if it throws @throws StoreDamagedError */
  attempt<T>(id: string, read: () => T): T | null {
    try {
      return read();
    } catch (error) {
      if (error instanceof StoreDamagedError) throw error;
      if (!this.errors.has(id)) this.unreported.push(id);
      this.errors.set(id, messageOf(error));
      return null;
    }
  }

  /** The effects for records that were set aside since the last call. */
  takeEffects(time: number): Effect[] {
    if (this.unreported.length === 0) return [];
    return this.unreported
      .splice(0)
      .map((id) => ({ kind: 'setAside', step: 'read', id, error: this.errors.get(id)!, time }));
  }
}
