import type { ComponentChildren } from 'preact';
import { me } from '../api/session';
import type { Attempt, ErrorCause, Execution, LiveEvent } from '../api/types';
import { Facts, Page, Panel } from '../components/page';
import { Empty, Loaded } from '../components/states';
import { isTerminal, StatusBadge } from '../components/status';
import { Table, type Column } from '../components/table';
import { TextBlock } from '../components/text-block';
import { At, Took } from '../components/time';
import { asText } from '../lib/format';
import { href } from '../lib/router';
import { useResource } from '../live/use-resource';
import { ExecutionActions } from './execution-actions';
import { Tags } from './executions';
import { Timeline } from './timeline';
import { Why } from './why';

export function ExecutionPage({ id }: { id: string }) {
  const execution = useResource<Execution>(`executions/${encodeURIComponent(id)}`, {
    staleOn: ({ data }: LiveEvent) => data.executionId === id,
  });
  const { data } = execution;
  return (
    <Page
      title={data?.taskName ?? 'Execution'}
      over={
        <>
          <a href={href('executions')}>Executions</a> / <span class="mono">{id}</span>
        </>
      }
      aside={
        data && (
          <>
            <StatusBadge status={data.status} />
            <ExecutionActions of={data} after={execution.refresh} />
          </>
        )
      }
    >
      <Loaded from={execution}>{(loaded) => <Detail execution={loaded} />}</Loaded>
    </Page>
  );
}

function Detail({ execution }: { execution: Execution }) {
  const { error, progress } = execution;
  const payloads = me.value?.payloads === true;
  return (
    <div class="stack">
      <Why execution={execution} />
      {progress && !isTerminal(execution.status) && (
        <div class="progress">
          <progress max={1} value={progress.fraction} aria-label="Progress" />
          <span class="num">{Math.round(progress.fraction * 100)} %</span>
          <span class="muted">{progress.note}</span>
        </div>
      )}
      <Panel title="Timeline">
        <Timeline execution={execution} />
      </Panel>
      <div class="columns columns-facts">
        <Panel title="Facts">
          <Facts items={facts(execution)} />
        </Panel>
        <div class="stack">
          {error && (
            <Panel title="Error">
              <TextBlock label="Error" text={error.stack ?? `${error.name}: ${error.message}`} />
              {(error.code ?? null) !== null && <p class="hint">Code {error.code}</p>}
              {causesOf(error).map((cause) => (
                <p class="hint">Caused by {cause}</p>
              ))}
            </Panel>
          )}
          <Panel title="Payload">
            <Value
              shown={payloads}
              value={execution.payload}
              label="Payload"
              none="It was scheduled without a payload."
            />
          </Panel>
          <Panel title="Result">
            <Value
              shown={payloads}
              value={execution.result}
              label="Result"
              none={isTerminal(execution.status) ? 'It left no result.' : 'It has not ended yet.'}
            />
          </Panel>
        </div>
      </div>
      <Panel title={`Attempts (${execution.attempts.length})`} flush>
        {execution.attempts.length === 0 ? (
          <Empty title="It has not started yet" />
        ) : (
          <Table label="Attempts" columns={ATTEMPTS} rows={execution.attempts} rowKey={(row) => String(row.attempt)} />
        )}
      </Panel>
      <Panel title={`Log (${execution.logs.length})`}>
        {execution.logs.length === 0 ? (
          <p class="hint">It has written nothing.</p>
        ) : (
          <TextBlock label="Log" text={execution.logs.join('\n')} />
        )}
      </Panel>
    </div>
  );
}

/** A payload or a result. Who may not see them is told so. */
function Value({ shown, value, label, none }: { shown: boolean; value: unknown; label: string; none: string }) {
  if (!shown) return <p class="hint">Your token does not show payloads and results.</p>;
  if (value === null || value === undefined) return <p class="hint">{none}</p>;
  return <TextBlock label={label} text={asText(value)} />;
}

type Fact = readonly [string, ComponentChildren];

/** What an error was caused by, outermost first, a line each. */
function causesOf({ cause, errors = [] }: ErrorCause): string[] {
  return [...(cause ? [cause] : []), ...errors].flatMap((each) => [
    `${each.name}: ${each.message}${(each.code ?? null) === null ? '' : ` (code ${each.code})`}`,
    ...causesOf(each),
  ]);
}

function facts(execution: Execution): Fact[] {
  const { workflowId, ref, scheduleId } = execution;
  const rows: (Fact | null)[] = [
    [
      'Task',
      <a class="mono" href={href('executions', { taskId: execution.taskId })}>
        {execution.taskId}
      </a>,
    ],
    ['Queue', execution.queue],
    ['Priority', execution.priority.toLowerCase()],
    ['Created', <At time={execution.createdTime} />],
    ['Due', <At time={execution.scheduledTime} />],
    ['Started', <At time={execution.startedTime} />],
    ['Ended', <At time={execution.completedTime} />],
    ['Took', <Took from={execution.startedTime} to={execution.completedTime} />],
    ['Retries', execution.retryCount],
    execution.cancelRequestedTime ? ['Cancel asked', <At time={execution.cancelRequestedTime} />] : null,
    workflowId ? ['Workflow', <a href={href('workflows', workflowId)}>{ref ?? workflowId}</a>] : null,
    scheduleId ? ['Schedule', <a href={href('schedules')}>{scheduleId}</a>] : null,
    execution.tags.length > 0 ? ['Tags', <Tags tags={execution.tags} />] : null,
  ];
  return rows.filter((row) => row !== null);
}

const ATTEMPTS: readonly Column<Attempt>[] = [
  { title: '#', kind: 'tight', cell: (row) => row.attempt },
  { title: 'Outcome', kind: 'tight', cell: (row) => <StatusBadge status={row.outcome ?? 'RUNNING'} /> },
  { title: 'Started', kind: 'tight', cell: (row) => <At time={row.startedTime} /> },
  { title: 'Took', kind: 'num', cell: (row) => <Took from={row.startedTime} to={row.endedTime} /> },
  { title: 'Worker', kind: 'tight', cell: (row) => <span class="mono muted">{row.workerId ?? '–'}</span> },
  {
    title: 'Error',
    kind: 'wide',
    cell: (row) =>
      row.error && (
        <span class="error-text">
          <strong>{row.error.name}</strong> {row.error.message}
        </span>
      ),
  },
];
