import type { Page as PageOf, Worker } from '../api/types';
import { Page, Panel } from '../components/page';
import { Empty, Loaded } from '../components/states';
import { StatusBadge } from '../components/status';
import { Table, type Column } from '../components/table';
import { Ago } from '../components/time';
import { on, useResource } from '../live/use-resource';

const EVERY_MS = 5_000;

export function WorkersPage() {
  const workers = useResource<PageOf<Worker>>('workers', { staleOn: on('worker', 'execution'), every: EVERY_MS });
  return (
    <Page title="Workers">
      <Panel flush>
        <Loaded from={workers}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No worker is alive">Executions wait until one joins.</Empty>
            ) : (
              <Table label="Workers" columns={COLUMNS} rows={items} rowKey={(row) => row.workerId} />
            )
          }
        </Loaded>
      </Panel>
    </Page>
  );
}

const COLUMNS: readonly Column<Worker>[] = [
  { title: 'State', kind: 'tight', cell: (row) => <StatusBadge status={row.state} /> },
  {
    title: 'Worker',
    kind: 'wide',
    cell: (row) => (
      <span class="strong">
        {row.hostname}:{row.pid}
        <span class="sub mono">{row.workerId}</span>
      </span>
    ),
  },
  { title: 'App', kind: 'tight', cell: (row) => `${row.appName} ${row.version}` },
  {
    title: 'Busy',
    kind: 'tight',
    cell: (row) => (
      <span class="busy">
        <meter min={0} max={row.maxConcurrentTasks} value={row.running} aria-label="Busy slots" />
        <span class="num">
          {row.running} / {row.maxConcurrentTasks}
        </span>
      </span>
    ),
  },
  { title: 'Queues', cell: (row) => <Names of={row.queues} /> },
  { title: 'Tasks', kind: 'num', cell: (row) => <span title={row.tasks.join('\n')}>{row.tasks.length}</span> },
  { title: 'Last beat', kind: 'tight', cell: (row) => <Ago time={row.lastBeatTime} /> },
  { title: 'Joined', kind: 'tight', cell: (row) => <Ago time={row.startedTime} /> },
];

function Names({ of }: { of: readonly string[] }) {
  return (
    <span class="tags" title={of.join('\n')}>
      {of.map((name) => (
        <span key={name} class="tag">
          {name}
        </span>
      ))}
    </span>
  );
}
