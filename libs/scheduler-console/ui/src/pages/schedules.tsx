import { useState } from 'preact/hooks';
import { post } from '../api/client';
import type { Page as PageOf, Schedule } from '../api/types';
import { Action } from '../components/button';
import { Page, Panel } from '../components/page';
import { Empty, Failure, Loaded } from '../components/states';
import { StatusBadge } from '../components/status';
import { Table, type Column } from '../components/table';
import { Ago, At } from '../components/time';
import { act } from '../components/toasts';
import { href } from '../lib/router';
import { on, useResource } from '../live/use-resource';

const PREVIEWED = 5;

export function SchedulesPage() {
  const schedules = useResource<PageOf<Schedule>>('schedules', { staleOn: on('schedule') });
  const columns: readonly Column<Schedule>[] = [
    { title: 'State', kind: 'tight', cell: (row) => <StatusBadge status={row.paused ? 'paused' : 'active'} /> },
    {
      title: 'Schedule',
      kind: 'wide',
      cell: (row) => (
        <span class="strong">
          {row.id}
          {row.taskId !== row.id && <span class="sub mono">{row.taskId}</span>}
        </span>
      ),
    },
    {
      title: 'When',
      kind: 'tight',
      cell: (row) => (
        <>
          <code>{row.cronExpression}</code>
          <span class="sub">{row.timezone}</span>
        </>
      ),
    },
    { title: 'Next', cell: (row) => <NextTimes schedule={row} /> },
    { title: 'Last', kind: 'tight', cell: (row) => <LastRun schedule={row} /> },
    { title: 'Overlap', kind: 'tight', cell: (row) => row.overlap },
    { title: 'Actions', kind: 'actions', cell: (row) => <ScheduleActions schedule={row} after={schedules.refresh} /> },
  ];
  return (
    <Page title="Schedules">
      <Panel flush>
        <Loaded from={schedules}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No schedule yet">Schedules are declared in code, or put by the API.</Empty>
            ) : (
              <Table label="Schedules" columns={columns} rows={items} rowKey={(row) => row.id} />
            )
          }
        </Loaded>
      </Panel>
    </Page>
  );
}

/** The next fire time, and those after it on demand. */
function NextTimes({ schedule: { id, paused, nextRunTime, timezone } }: { schedule: Schedule }) {
  const [open, setOpen] = useState(false);
  if (nextRunTime === null) return <span class="muted">{paused ? 'when resumed' : 'never again'}</span>;
  return (
    <details class="next-times" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {paused ? <span class="muted">paused</span> : <Ago time={nextRunTime} />}
        <span class="sr-only">, show the next times in {timezone}</span>
      </summary>
      {open && <Preview key={nextRunTime} id={id} />}
    </details>
  );
}

function Preview({ id }: { id: string }) {
  const preview = useResource<{ items: string[] }>(`schedules/${encodeURIComponent(id)}/preview`, {
    query: { count: PREVIEWED },
  });
  if (preview.error !== null) return <Failure error={preview.error} retry={preview.refresh} />;
  return (
    <ol>
      {preview.data?.items.map((time) => (
        <li key={time}>
          <At time={time} />
        </li>
      ))}
    </ol>
  );
}

function LastRun({ schedule: { lastRunTime, lastExecutionId } }: { schedule: Schedule }) {
  if (lastExecutionId === null) return <Ago time={lastRunTime} />;
  return (
    <a href={href('executions', lastExecutionId)}>
      <Ago time={lastRunTime} />
    </a>
  );
}

function ScheduleActions({ schedule: { id, paused }, after }: { schedule: Schedule; after: () => void }) {
  const path = `schedules/${encodeURIComponent(id)}`;
  const run = (verb: string, done: string) => async (): Promise<void> => {
    await act(() => post(`${path}/${verb}`), done);
    after();
  };
  return (
    <>
      <Action needs="operator" run={run('trigger', `${id} runs now`)} label={`Run ${id} now`}>
        Run now
      </Action>
      {paused ? (
        <Action needs="operator" run={run('resume', `${id} resumed`)} label={`Resume ${id}`}>
          Resume
        </Action>
      ) : (
        <Action needs="operator" run={run('pause', `${id} paused`)} label={`Pause ${id}`}>
          Pause
        </Action>
      )}
    </>
  );
}
