import { Injectable } from '@nestjs/common';
import { ConsoleError } from '../console-error.js';

/** A request of this weight or more is costly. */
const COSTLY = 10;
/** In progress at a time, of one caller. */
const AT_ONCE = 4;
const RETRY_SECONDS = 1;

/** Limits the expensive requests in progress of a caller, however slowly the store responds. */
@Injectable()
export class CostlyCalls {
  private readonly running = new Map<string, number>();

  /**
   * @returns a function to call when the request has been answered
   * @throws ConsoleError RATE_LIMITED
   */
  begin(caller: string, weight: number): () => void {
    if (weight < COSTLY) return () => undefined;
    const count = this.running.get(caller) ?? 0;
    if (count >= AT_ONCE) {
      const detail = `${AT_ONCE} large requests are in progress; request less, or one after another`;
      throw new ConsoleError('RATE_LIMITED', 429, detail, undefined, RETRY_SECONDS);
    }
    this.running.set(caller, count + 1);
    return () => {
      const left = this.running.get(caller)! - 1;
      if (left === 0) this.running.delete(caller);
      else this.running.set(caller, left);
    };
  }
}
