/**
 * Notices a store that came back with older data, or with none. Numbers of executions only grow: it has lost some where a
 * call finds a smaller number than was known when the call was sent. A repeat gets the reply of its first time, which was
 * later than that.
 */
export class RewindWatch {
  /** The newest number that a reply has shown; replaced at each loss, which later replies of the time before say nothing of. */
  private seen = { newest: 0 };

  /** @param onLoss is given how many executions are missing, once for each loss */
  constructor(private readonly onLoss: (executions: number) => void) {}

  /** At the sending of a call. @returns takes its reply, see `frame.replyOf` */
  expect(): (reply: readonly unknown[]) => void {
    const { seen } = this;
    const known = seen.newest;
    return ([value, , , before, after]) => {
      if (value === 'error' || typeof before !== 'number' || typeof after !== 'number' || seen !== this.seen) return;
      if (before < known) {
        this.seen = { newest: after };
        this.onLoss(known - before);
      } else if (after > seen.newest) {
        seen.newest = after;
      }
    };
  }
}
