import { useState } from 'preact/hooks';
import { STATUSES, type Page, type Task } from '../api/types';
import { statusLabel } from '../components/status';
import { go, href } from '../lib/router';
import { fromLocalInput, toLocalInput } from '../lib/inputs';
import { useResource } from '../live/use-resource';

/** What the API takes as a filter of executions. */
export type ExecutionFilter = Partial<Record<(typeof KEYS)[number], string>>;
const KEYS = ['status', 'taskId', 'queue', 'tag', 'workflowId', 'from', 'to'] as const;
const HOUR = 3_600_000;
/** What the choice of a span sets as its begin. */
const SPANS: Readonly<Record<string, number>> = { 'Last hour': HOUR, 'Last day': 24 * HOUR, 'Last week': 168 * HOUR };
/** A ULID, or the id of a tick's execution. */
const ID = /^(?:[0-9A-HJKMNP-TV-Z]{26}|cron:.+:\d+)$/;

export function filterOf(query: Readonly<Record<string, string>>): ExecutionFilter {
  return Object.fromEntries(KEYS.flatMap((key) => (query[key] ? [[key, query[key]]] : [])));
}

/** The filters live in the address, so that a view can be sent to a colleague. */
export function ExecutionFilters({ filter }: { filter: ExecutionFilter }) {
  const tasks = useResource<Page<Task>>('tasks');
  const queues = [...new Set(tasks.data?.items.map(({ queue }) => queue))];
  const set = (change: ExecutionFilter): void => go(href('executions', { ...filter, ...change }));
  const search = (text: string): void => {
    // Whoever has an id at hand wants that execution.
    if (ID.test(text)) go(href('executions', text));
    else set({ taskId: text });
  };
  return (
    <form class="filters" role="search" aria-label="Filter executions" onSubmit={(event) => event.preventDefault()}>
      <label>
        <span class="sr-only">Status</span>
        <select value={filter.status ?? ''} onChange={(event) => set({ status: event.currentTarget.value })}>
          <option value="">Any status</option>
          {STATUSES.map((status) => (
            <option key={status} value={status}>
              {statusLabel(status)}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="sr-only">Task id or execution id</span>
        <input
          type="search"
          class="search"
          list="known-tasks"
          placeholder="Task id or execution id"
          value={filter.taskId ?? ''}
          onChange={(event) => search(event.currentTarget.value.trim())}
        />
      </label>
      <datalist id="known-tasks">
        {tasks.data?.items.map(({ taskId, taskName }) => (
          <option key={taskId} value={taskId}>
            {taskName}
          </option>
        ))}
      </datalist>
      <label>
        <span class="sr-only">Queue</span>
        <input
          type="search"
          list="known-queues"
          placeholder="Queue"
          value={filter.queue ?? ''}
          onChange={(event) => set({ queue: event.currentTarget.value.trim() })}
        />
      </label>
      <datalist id="known-queues">
        {queues.map((queue) => (
          <option key={queue} value={queue} />
        ))}
      </datalist>
      <label>
        <span class="sr-only">Tag</span>
        <input
          type="search"
          placeholder="Tag"
          value={filter.tag ?? ''}
          onChange={(event) => set({ tag: event.currentTarget.value.trim() })}
        />
      </label>
      <CreatedFilter filter={filter} set={set} />
      {filter.workflowId !== undefined && (
        <button type="button" class="button" onClick={() => set({ workflowId: '' })}>
          One workflow only ×
        </button>
      )}
    </form>
  );
}

/** When they were created: a span up to now at one choice, or any, given by its ends. */
function CreatedFilter({
  filter: { from, to },
  set,
}: {
  filter: ExecutionFilter;
  set: (change: ExecutionFilter) => void;
}) {
  const [open, setOpen] = useState(false);
  const chosen = open || from !== undefined || to !== undefined;
  const choose = (choice: string): void => {
    setOpen(choice === 'between');
    const span = SPANS[choice];
    if (span !== undefined) set({ from: new Date(Date.now() - span).toISOString(), to: '' });
    else if (choice === '') set({ from: '', to: '' });
  };
  return (
    <>
      <label>
        <span class="sr-only">Created</span>
        <select value={chosen ? 'between' : ''} onChange={(event) => choose(event.currentTarget.value)}>
          <option value="">Created at any time</option>
          {Object.keys(SPANS).map((span) => (
            <option key={span} value={span}>
              {span}
            </option>
          ))}
          <option value="between">Created between</option>
        </select>
      </label>
      {chosen &&
        (['from', 'to'] as const).map((end) => (
          <label key={end} class="filter-end">
            <span>{end === 'from' ? 'From' : 'To'}</span>
            <input
              type="datetime-local"
              step="1"
              value={toLocalInput(end === 'from' ? from : to)}
              onChange={(event) => set({ [end]: fromLocalInput(event.currentTarget.value) ?? '' })}
            />
          </label>
        ))}
    </>
  );
}
