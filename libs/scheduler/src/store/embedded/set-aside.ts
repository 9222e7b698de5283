import { StoreDamagedError } from '../../core/errors.js';
import type { Effect } from '../../core/effects.js';
import { messageOf } from './sqlite.js';

/**
 * Records that are as they were written and cannot be treated all the same: bad JSON, a state that does not exist. They stay in
 * the file as they are, are counted and reported, and hold up nothing else. A record whose checksum is wrong is damage.
 */
export class SetAside {
  private readonly errors = new Map<string, string>();
  private unreported: string[] = [];

  get count(): number {
    return this.errors.size;
  }

  /** @returns what `read` gives, or null where it cannot @throws StoreDamagedError */
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

  /** Of those that were found since the last call. */
  takeEffects(time: number): Effect[] {
    if (this.unreported.length === 0) return [];
    return this.unreported
      .splice(0)
      .map((id) => ({ kind: 'setAside', step: 'read', id, error: this.errors.get(id)!, time }));
  }
}
