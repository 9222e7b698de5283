/**
 * Detects that the store has been restored from older data, or emptied. Execution numbers only grow, so executions are
 * missing if a call finds a smaller number than was known when it was sent. A repeat gets the reply of its first run, which
 * ran after that.
 */
export class RewindWatch {
  /** The highest number in a reply. Replaced at each loss, so replies to earlier calls no longer count. */
  private highest = { number: 0 };

  /** @param onLoss called once for each loss, with the number of missing executions */
  constructor(private readonly onLoss: (executions: number) => void) {}

  /** Called when a call is sent. @returns a function that checks its reply, see `context.replyOf` */
  expect(): (reply: readonly unknown[]) => void {
    const { highest } = this;
    const known = highest.number;
    return ([value, , , before, after]) => {
      if (value === 'error' || typeof before !== 'number' || typeof after !== 'number') return;
      if (highest !== this.highest) return;
      if (before < known) {
        this.highest = { number: after };
        this.onLoss(known - before);
      } else if (after > highest.number) {
        highest.number = after;
      }
    };
  }
}
