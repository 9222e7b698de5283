import { STATUSES, type Page, type Task } from '../api/types';
import { statusLabel } from '../components/status';
import { go, href } from '../lib/router';
import { useResource } from '../live/use-resource';

/** What the API takes as a filter of executions. */
export type ExecutionFilter = Partial<Record<'status' | 'taskId' | 'tag' | 'workflowId', string>>;
const KEYS = ['status', 'taskId', 'tag', 'workflowId'] as const;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function filterOf(query: Readonly<Record<string, string>>): ExecutionFilter {
  return Object.fromEntries(KEYS.flatMap((key) => (query[key] ? [[key, query[key]]] : [])));
}

/** The filters live in the address, so that a view can be sent to a colleague. */
export function ExecutionFilters({ filter }: { filter: ExecutionFilter }) {
  const tasks = useResource<Page<Task>>('tasks');
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
        <span class="sr-only">Tag</span>
        <input
          type="search"
          placeholder="Tag"
          value={filter.tag ?? ''}
          onChange={(event) => set({ tag: event.currentTarget.value.trim() })}
        />
      </label>
      {filter.workflowId !== undefined && (
        <button type="button" class="button" onClick={() => set({ workflowId: '' })}>
          One workflow only ×
        </button>
      )}
    </form>
  );
}
