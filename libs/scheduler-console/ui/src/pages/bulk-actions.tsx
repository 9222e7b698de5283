import { post } from '../api/client';
import { Action } from '../components/button';
import { confirm } from '../components/dialog';
import { statusLabel } from '../components/status';
import { act, toast } from '../components/toasts';
import { count, localTime } from '../lib/format';
import type { ExecutionFilter } from './execution-filters';

/** What one request may change. */
const LIMIT = 1_000;

/** Cancels or retries everything that the filter matches, request by request. */
export function BulkActions({ filter, after }: { filter: ExecutionFilter; after: () => void }) {
  const run = (verb: 'cancel' | 'retry') => async (): Promise<void> => {
    const what = verb === 'cancel' ? 'Cancel' : 'Retry';
    const sure = await confirm(
      `${what} all that match`,
      `${what} every execution with ${describe(filter)} whose state allows it, on this and all other pages.`,
      `${what} all`,
    );
    if (!sure) return;
    let total = 0;
    await act(async () => {
      for (;;) {
        const { changed, more } = await post<{ changed: number; more: boolean }>(`executions/${verb}`, {
          filter,
          limit: LIMIT,
        });
        total += changed;
        if (!more || changed === 0) return;
        toast(`${count(total)} so far`);
      }
    }, `Done: ${what.toLowerCase()} all that match`);
    toast(`${count(total)} changed`);
    after();
  };
  const { status } = filter;
  const ended = status === 'FAILED' || status === 'CANCELLED' || status === 'SKIPPED';
  return (
    <div class="bulk">
      <Action needs="operator" run={run('cancel')} disabled={ended || status === 'COMPLETED'}>
        Cancel all
      </Action>
      <Action needs="operator" run={run('retry')} disabled={status !== undefined && !ended}>
        Retry all
      </Action>
    </div>
  );
}

function describe({ status, taskId, tag, workflowId, from, to }: ExecutionFilter): string {
  const parts = [
    status && `status ${statusLabel(status).toLowerCase()}`,
    taskId && `task ${taskId}`,
    tag && `tag ${tag}`,
    workflowId && `workflow ${workflowId}`,
    from && `created from ${localTime(from, true)}`,
    to && `created before ${localTime(to, true)}`,
  ];
  return parts.filter(Boolean).join(', ');
}
