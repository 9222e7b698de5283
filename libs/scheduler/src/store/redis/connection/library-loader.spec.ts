import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../testing/manual-clock.js';
import { LibraryLoader } from './library-loader.js';

const NEVER = (): never => {
  throw new Error('nothing is sent');
};

describe('functions that a server refuses', () => {
  it.each([
    "ERR unknown command 'fcall', with args beginning with: 'feed_exchange' '1' '{a}:' '%', ",
    "NOPERM User default has no permissions to run the 'fcall' command",
    "OOM command not allowed when used memory > 'maxmemory'.",
  ])('are tried again after a minute, and one line reports it: %s', (message) => {
    const clock = new ManualClock();
    const reasons: string[] = [];
    const loader = new LibraryLoader('', NEVER, clock, (reason) => reasons.push(reason));
    for (let round = 1; round <= 2; round++) {
      expect(loader.isUsable).toBe(true);
      loader.refuse(new Error(message.replace('%', `${round}`)));
      clock.advance(59_999);
      expect(loader.isUsable).toBe(false);
      clock.advance(1);
    }
    expect(reasons).toHaveLength(1);
  });
});
