import { post } from '../api/client';
import { PRIORITIES, type Page as PageOf, type Queue } from '../api/types';
import { Action } from '../components/button';
import { Page, Panel } from '../components/page';
import { Empty, Loaded } from '../components/states';
import { StatusBadge } from '../components/status';
import { Table, type Column } from '../components/table';
import { act } from '../components/toasts';
import { count } from '../lib/format';
import { on, useResource } from '../live/use-resource';

const EVERY_MS = 5_000;

export function QueuesPage() {
  const queues = useResource<PageOf<Queue>>('queues', { staleOn: on('queue', 'execution'), every: EVERY_MS });
  const columns: readonly Column<Queue>[] = [
    { title: 'Queue', kind: 'wide', cell: (row) => <span class="strong">{row.name}</span> },
    { title: 'State', kind: 'tight', cell: (row) => <StatusBadge status={row.paused ? 'paused' : 'open'} /> },
    { title: 'Ready', kind: 'num', cell: (row) => <strong>{count(row.total)}</strong> },
    ...PRIORITIES.map((priority): Column<Queue> => ({
      title: priority[0] + priority.slice(1).toLowerCase(),
      kind: 'num',
      cell: (row) => (row.byPriority[priority] ? count(row.byPriority[priority]) : <span class="muted">0</span>),
    })),
    { title: 'Actions', kind: 'actions', cell: (row) => <PauseOrResume queue={row} after={queues.refresh} /> },
  ];
  return (
    <Page title="Queues">
      <Panel flush>
        <Loaded from={queues}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No queue yet">A queue appears with its first execution.</Empty>
            ) : (
              <Table label="Queues" columns={columns} rows={items} rowKey={(row) => row.name} />
            )
          }
        </Loaded>
      </Panel>
    </Page>
  );
}

function PauseOrResume({ queue: { name, paused }, after }: { queue: Queue; after: () => void }) {
  const verb = paused ? 'resume' : 'pause';
  const run = async (): Promise<void> => {
    await act(() => post(`queues/${encodeURIComponent(name)}/${verb}`), `Queue ${name} ${verb}d`);
    after();
  };
  return (
    <Action needs="operator" run={run} label={`${paused ? 'Resume' : 'Pause'} queue ${name}`}>
      {paused ? 'Resume' : 'Pause'}
    </Action>
  );
}
