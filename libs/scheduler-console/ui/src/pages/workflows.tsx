import { useState } from 'preact/hooks';
import { STATUSES, type Page as PageOf, type Status, type WorkflowRow } from '../api/types';
import { Page, Panel } from '../components/page';
import { Pager } from '../components/pager';
import { Empty, Loaded } from '../components/states';
import { isTerminal, StatusBadge, statusLabel } from '../components/status';
import { Table, type Column } from '../components/table';
import { Ago, Took } from '../components/time';
import { count, shortId } from '../lib/format';
import { href } from '../lib/router';
import { useResource } from '../live/use-resource';

const PAGE_SIZE = 25;

export function WorkflowsPage() {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const workflows = useResource<PageOf<WorkflowRow>>('workflows', {
    query: { limit: PAGE_SIZE, cursor: cursors.at(-1) },
    staleOn: ({ name, data }) => name.startsWith('scheduler.workflow.') || data.workflowId != null,
  });
  const next = workflows.data?.nextCursor ?? null;
  return (
    <Page title="Workflows">
      <Panel flush>
        <Loaded from={workflows}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No workflow yet">A workflow appears when it is started.</Empty>
            ) : (
              <Table label="Workflows" columns={COLUMNS} rows={items} rowKey={(row) => row.workflowId} />
            )
          }
        </Loaded>
        <Pager
          of="workflows"
          text={workflows.data ? `${workflows.data.items.length} shown, newest first` : ''}
          onNewer={cursors.length === 0 ? null : () => setCursors(cursors.slice(0, -1))}
          onOlder={next === null ? null : () => setCursors([...cursors, next])}
        />
      </Panel>
    </Page>
  );
}

const COLUMNS: readonly Column<WorkflowRow>[] = [
  { title: 'Status', kind: 'tight', cell: (row) => <StatusBadge status={row.status} /> },
  {
    title: 'Workflow',
    kind: 'wide',
    cell: (row) => (
      <a class="strong" href={href('workflows', row.workflowId)}>
        {row.name}
        <span class="sub mono">{shortId(row.workflowId)}</span>
      </a>
    ),
  },
  { title: 'Nodes', kind: 'num', cell: (row) => count(row.nodeCount) },
  { title: 'Progress', kind: 'tight', cell: (row) => <Shares of={row} /> },
  { title: 'Created', kind: 'tight', cell: (row) => <Ago time={row.createdTime} /> },
  { title: 'Took', kind: 'num', cell: (row) => <Took from={row.createdTime} to={row.completedTime} /> },
];

/** From what has ended to what has not begun. */
const BY_PROGRESS: readonly Status[] = [...STATUSES.filter(isTerminal), 'RUNNING', 'RETRYING', 'PENDING'];

/** How many nodes are in which state, as one bar. */
export function Shares({ of: { nodeCount, counts } }: { of: Pick<WorkflowRow, 'nodeCount' | 'counts'> }) {
  const tally = BY_PROGRESS.map((status) => ({
    status,
    nodes: counts[status] ?? 0,
  })).filter((each) => each.nodes > 0);
  const ended = tally.reduce((sum, each) => sum + (isTerminal(each.status) ? each.nodes : 0), 0);
  const label = tally.map((each) => `${each.nodes} ${statusLabel(each.status).toLowerCase()}`).join(', ');
  return (
    <span class="shares" role="img" aria-label={label} title={label}>
      <span class="shares-bar">
        {tally.map((each) => (
          <span key={each.status} data-status={each.status} style={{ width: `${(100 * each.nodes) / nodeCount}%` }} />
        ))}
      </span>
      <span class="num muted">
        {count(ended)}/{count(nodeCount)}
      </span>
    </span>
  );
}
