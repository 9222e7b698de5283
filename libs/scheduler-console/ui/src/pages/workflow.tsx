import { useState } from 'preact/hooks';
import { STATUSES, type LiveEvent, type Status, type Workflow, type WorkflowNode } from '../api/types';
import { Page, Panel } from '../components/page';
import { Loaded } from '../components/states';
import { StatusBadge, statusLabel } from '../components/status';
import { Table, type Column } from '../components/table';
import { At, Took } from '../components/time';
import { Graph } from '../graph/graph';
import { count } from '../lib/format';
import { href } from '../lib/router';
import { useResource } from '../live/use-resource';
import { ExecutionActions } from './execution-actions';

const ROWS = 200;

export function WorkflowPage({ id }: { id: string }) {
  const workflow = useResource<Workflow>(`workflows/${encodeURIComponent(id)}`, {
    apply: withStatuses,
    // Its own state and its end come with a reading; those of its nodes with the events themselves.
    staleOn: ({ name, data }: LiveEvent) => name === 'scheduler.workflow.ended' && data.workflowId === id,
  });
  const [view, setView] = useState<'graph' | 'list'>('graph');
  return (
    <Page
      title={workflow.data?.name ?? 'Workflow'}
      over={
        <>
          <a href={href('workflows')}>Workflows</a> / <span class="mono">{id}</span>
        </>
      }
      aside={workflow.data && <StatusBadge status={workflow.data.status} />}
    >
      <Loaded from={workflow}>
        {(data) => (
          <div class="stack">
            <p class="meta">
              <span>
                Created <At time={data.createdTime} />
              </span>
              <span>
                {data.completedTime === null ? 'Running for' : 'Took'}{' '}
                <Took from={data.createdTime} to={data.completedTime} />
              </span>
              <a href={href('executions', { workflowId: id })}>{count(data.nodes.length)} executions</a>
            </p>
            <Panel flush>
              <div class="toolbar">
                <Tally nodes={data.nodes} />
                <div class="segments" role="group" aria-label="View">
                  {(['graph', 'list'] as const).map((each) => (
                    <button key={each} type="button" aria-pressed={view === each} onClick={() => setView(each)}>
                      {each === 'graph' ? 'Graph' : 'List'}
                    </button>
                  ))}
                </div>
              </div>
              {/* Behind the list the graph stays as it is: placed, zoomed and moved. */}
              <div hidden={view !== 'graph'}>
                <Graph nodes={data.nodes} />
              </div>
              {view === 'list' && <NodeList nodes={data.nodes} after={workflow.refresh} />}
            </Panel>
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function Tally({ nodes }: { nodes: readonly WorkflowNode[] }) {
  const tally = new Map<Status, number>();
  for (const { status } of nodes) tally.set(status, (tally.get(status) ?? 0) + 1);
  return (
    <div class="legend">
      {STATUSES.filter((status) => tally.has(status)).map((status) => (
        <span key={status} class="badge" data-status={status}>
          {count(tally.get(status) ?? 0)} {statusLabel(status).toLowerCase()}
        </span>
      ))}
    </div>
  );
}

/** The nodes as rows, so many at first: thousands at once would hold up the page. */
function NodeList({ nodes, after }: { nodes: readonly WorkflowNode[]; after: () => void }) {
  const [shown, setShown] = useState(ROWS);
  const columns: readonly Column<WorkflowNode>[] = [
    { title: 'Status', kind: 'tight', cell: (row) => <StatusBadge status={row.status} /> },
    {
      title: 'Node',
      kind: 'wide',
      cell: (row) => (
        <a class="strong" href={href('executions', row.executionId)}>
          {row.ref}
          {row.ref !== row.taskId && <span class="sub mono">{row.taskId}</span>}
        </a>
      ),
    },
    { title: 'Depends on', cell: (row) => row.dependsOn.map(({ ref, type }) => `${ref} (${type})`).join(', ') },
    { title: 'Actions', kind: 'actions', cell: (row) => <ExecutionActions of={row} after={after} /> },
  ];
  return (
    <>
      <Table label="Nodes" columns={columns} rows={nodes.slice(0, shown)} rowKey={(row) => row.ref} />
      {nodes.length > shown && (
        <div class="pager">
          <span class="muted">
            {count(shown)} of {count(nodes.length)} shown
          </span>
          <button type="button" class="button" onClick={() => setShown(shown + ROWS)}>
            Show more
          </button>
        </div>
      )}
    </>
  );
}

function withStatuses(workflow: Workflow, events: readonly LiveEvent[]): Workflow {
  const changed = new Map<string, Status>();
  for (const { data } of events) {
    if (data.workflowId === workflow.workflowId && data.executionId && data.status)
      changed.set(data.executionId, data.status);
  }
  if (changed.size === 0) return workflow;
  // What did not change stays the same object, so that only what changed is drawn again.
  const nodes = workflow.nodes.map((node) => {
    const status = changed.get(node.executionId);
    return status === undefined || status === node.status ? node : { ...node, status };
  });
  return { ...workflow, nodes };
}
