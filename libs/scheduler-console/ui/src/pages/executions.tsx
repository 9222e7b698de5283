import { useMemo, useState } from 'preact/hooks';
import { get, type Query } from '../api/client';
import type { Execution, LiveEvent, Page as PageOf } from '../api/types';
import { OpenButton } from '../components/button';
import { Page, Panel } from '../components/page';
import { Pager } from '../components/pager';
import { Empty, Loaded } from '../components/states';
import { StatusBadge } from '../components/status';
import { Table, type Column } from '../components/table';
import { Ago, Took } from '../components/time';
import { shortId } from '../lib/format';
import { href, route } from '../lib/router';
import { on, useResource } from '../live/use-resource';
import { BulkActions } from './bulk-actions';
import { ExecutionActions } from './execution-actions';
import { ExecutionFilters, filterOf } from './execution-filters';
import { NewExecutionDialog } from './new-execution';

const PAGE_SIZE = 50;
/** A filter that few match can leave many pages of the store empty: so many are read in one go. */
const MAX_READS = 8;

export function ExecutionsPage() {
  const filter = filterOf(route.value.query);
  const key = JSON.stringify(filter);
  const [trail, setTrail] = useState<{ key: string; cursors: readonly string[] }>({ key, cursors: [] });
  const cursors = trail.key === key ? trail.cursors : [];
  const [scheduling, setScheduling] = useState(false);
  const isFirst = cursors.length === 0;
  const executions = useResource<PageOf<Execution>>('executions', {
    query: { ...filter, limit: PAGE_SIZE, cursor: cursors.at(-1) },
    read: readFull,
    // What is further back changes its state, but nothing comes in.
    staleOn: isFirst ? on('execution') : undefined,
    apply: withStatuses,
  });
  const columns = useMemo(() => columnsWith(executions.refresh), [executions.refresh]);
  const next = executions.data?.nextCursor ?? null;
  const onOlder = next === null ? null : () => setTrail({ key, cursors: [...cursors, next] });
  const isFiltered = Object.keys(filter).length > 0;

  return (
    <Page
      title="Executions"
      aside={
        <OpenButton needs="operator" kind="primary" open={() => setScheduling(true)}>
          Schedule a task
        </OpenButton>
      }
    >
      <Panel flush>
        <div class="toolbar">
          <ExecutionFilters filter={filter} />
          {isFiltered && <BulkActions filter={filter} after={executions.refresh} />}
        </div>
        <Loaded from={executions}>
          {({ items }) =>
            items.length === 0 ? (
              <Nothing filtered={isFiltered} onFurther={onOlder} />
            ) : (
              <Table label="Executions" columns={columns} rows={items} rowKey={(row) => row.executionId} />
            )
          }
        </Loaded>
        <Pager
          of="executions"
          text={
            executions.data ? `${executions.data.items.length} shown, newest first, page ${cursors.length + 1}` : ''
          }
          onNewer={isFirst ? null : () => setTrail({ key, cursors: cursors.slice(0, -1) })}
          onOlder={onOlder}
        />
      </Panel>
      {scheduling && <NewExecutionDialog onClose={() => setScheduling(false)} after={executions.refresh} />}
    </Page>
  );
}

/** A page without executions: there are none, or none among those that one reading looks through. */
function Nothing({ filtered, onFurther }: { filtered: boolean; onFurther: (() => void) | null }) {
  if (!filtered)
    return <Empty title="Nothing has been scheduled yet">Schedule a task, or wait for a schedule to fire.</Empty>;
  return (
    <Empty title={onFurther === null ? 'No execution matches' : 'None so far'}>
      {onFurther === null ? (
        <a href={href('executions')}>Clear the filters</a>
      ) : (
        <button type="button" class="button" onClick={onFurther}>
          Search further back
        </button>
      )}
    </Empty>
  );
}

function columnsWith(refresh: () => void): Column<Execution>[] {
  return [
    { title: 'Status', kind: 'tight', cell: (row) => <StatusBadge status={row.status} /> },
    {
      title: 'Task',
      kind: 'wide',
      cell: (row) => (
        <a class="strong" href={href('executions', row.executionId)}>
          {row.taskName}
          {row.taskName !== row.taskId && <span class="sub mono">{row.taskId}</span>}
        </a>
      ),
    },
    {
      title: 'Execution',
      kind: 'tight',
      cell: (row) => (
        <span class="mono muted" title={row.executionId}>
          {shortId(row.executionId)}
        </span>
      ),
    },
    {
      title: 'Priority',
      kind: 'tight',
      cell: (row) => <span class={row.priority === 'NORMAL' ? 'muted' : undefined}>{row.priority.toLowerCase()}</span>,
    },
    { title: 'Tags', cell: (row) => <Tags tags={row.tags} /> },
    { title: 'Created', kind: 'tight', cell: (row) => <Ago time={row.createdTime} /> },
    { title: 'Took', kind: 'num', cell: (row) => <Took from={row.startedTime} to={row.completedTime} /> },
    {
      title: 'Retries',
      kind: 'num',
      cell: (row) => (row.retryCount === 0 ? <span class="muted">0</span> : row.retryCount),
    },
    { title: 'Actions', kind: 'actions', cell: (row) => <ExecutionActions of={row} after={refresh} /> },
  ];
}

export function Tags({ tags }: { tags: readonly string[] }) {
  return (
    <span class="tags">
      {tags.map((tag) => (
        <a key={tag} class="tag" href={href('executions', { tag })}>
          {tag}
        </a>
      ))}
    </span>
  );
}

/** A page may come back short, even empty, and still have a successor. */
async function readFull(path: string, query: Query, signal: AbortSignal): Promise<PageOf<Execution>> {
  const items: Execution[] = [];
  let cursor = query.cursor;
  for (let reads = 0; reads < MAX_READS; reads++) {
    const page = await get<PageOf<Execution>>(path, { ...query, limit: PAGE_SIZE - items.length, cursor }, signal);
    items.push(...page.items);
    cursor = page.nextCursor;
    if (cursor == null || items.length >= PAGE_SIZE) break;
  }
  return { items, nextCursor: cursor == null ? null : String(cursor) };
}

function withStatuses(page: PageOf<Execution>, events: readonly LiveEvent[]): PageOf<Execution> {
  const changed = new Map<string, LiveEvent['data']>();
  for (const { data } of events) if (data.executionId && data.status) changed.set(data.executionId, data);
  if (!page.items.some(({ executionId }) => changed.has(executionId))) return page;
  return {
    ...page,
    items: page.items.map((row) => ({ ...row, status: changed.get(row.executionId)?.status ?? row.status })),
  };
}
