import { post } from '../api/client';
import type { Execution } from '../api/types';
import { Action } from '../components/button';
import { isRetryable, isTerminal } from '../components/status';
import { act } from '../components/toasts';

type Subject = Pick<Execution, 'executionId' | 'status'> & Partial<Pick<Execution, 'cancelRequestedTime'>>;

/** Cancel or retry: whichever the state allows. */
export function ExecutionActions({ of, after }: { of: Subject; after: () => void }) {
  const { executionId, status } = of;
  const path = `executions/${encodeURIComponent(executionId)}`;
  const run = (verb: 'cancel' | 'retry', done: string) => async (): Promise<void> => {
    await act(() => post(`${path}/${verb}`), done);
    after();
  };
  if (!isTerminal(status)) {
    const asked = of.cancelRequestedTime != null;
    return (
      <Action needs="operator" run={run('cancel', 'Cancelled')} label={`Cancel ${executionId}`} disabled={asked}>
        {asked ? 'Cancelling' : 'Cancel'}
      </Action>
    );
  }
  if (!isRetryable(status)) return null;
  return (
    <Action needs="operator" run={run('retry', 'Runs again')} label={`Retry ${executionId}`}>
      Retry
    </Action>
  );
}
