import { finish } from './finish.js';
import { Deadline, type Row } from './rows.js';
import type { State } from './state.js';
import { move, tell } from './transition.js';

/** Ends what has not started; asks what runs. @returns false where it has ended already */
export function cancel(s: State, row: Row, grace: number, now: number): boolean {
  switch (row.status) {
    case 'PENDING':
    case 'RETRYING':
      row.cancelRequestedTime = now;
      finish(s, row, 'cancel', 'CANCELLED', { result: null, error: row.error, reason: 'CANCELLED' }, now);
      return true;
    case 'RUNNING':
      if (row.cancelRequestedTime === 0) ask(s, row, grace, now);
      return true;
    default:
      return false;
  }
}

function ask(s: State, row: Row, grace: number, now: number): void {
  move(s, row, 'cancel', 'RUNNING');
  row.cancelRequestedTime = now;
  const deadline = new Deadline(now + grace, ++s.sequence, row);
  row.more().grace = deadline;
  s.graces.push(deadline);
  tell(s, row, 'cancelRequested', now);
  s.effects.push({ kind: 'due', at: deadline.at });
}
