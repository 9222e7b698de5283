import { useState } from 'preact/hooks';
import { post } from '../api/client';
import type { Page as PageOf, Schedule } from '../api/types';
import { Action, OpenButton } from '../components/button';
import { Page, Panel } from '../components/page';
import { Empty, Loaded } from '../components/states';
import { StatusBadge } from '../components/status';
import { Table, type Column } from '../components/table';
import { Ago } from '../components/time';
import { act } from '../components/toasts';
import { href } from '../lib/router';
import { on, useResource } from '../live/use-resource';
import { ScheduleEditor } from './schedule-editor';
import { Ticks } from './schedule-preview';

export function SchedulesPage() {
  const schedules = useResource<PageOf<Schedule>>('schedules', { staleOn: on('schedule') });
  // 'new', or the one that is edited, as it was when that began.
  const [edited, setEdited] = useState<Schedule | 'new' | null>(null);
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
    { title: 'Next', kind: 'tight', cell: (row) => <NextTimes schedule={row} /> },
    { title: 'Last', kind: 'tight', cell: (row) => <LastRun schedule={row} /> },
    { title: 'Overlap', kind: 'tight', cell: (row) => row.overlap },
    {
      title: 'Actions',
      kind: 'actions',
      cell: (row) => <ScheduleActions schedule={row} onEdit={setEdited} after={schedules.refresh} />,
    },
  ];
  return (
    <Page
      title="Schedules"
      aside={
        <OpenButton needs="admin" kind="primary" open={() => setEdited('new')}>
          New schedule
        </OpenButton>
      }
    >
      <Panel flush>
        <Loaded from={schedules}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No schedule yet">Schedules are declared in code, or made here.</Empty>
            ) : (
              <Table label="Schedules" columns={columns} rows={items} rowKey={(row) => row.id} />
            )
          }
        </Loaded>
      </Panel>
      {edited !== null && (
        <ScheduleEditor
          schedule={edited === 'new' ? null : edited}
          existing={schedules.data?.items ?? []}
          onClose={() => setEdited(null)}
          after={schedules.refresh}
        />
      )}
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
      {open && <Ticks key={nextRunTime} path={`schedules/${encodeURIComponent(id)}/preview`} timezone={timezone} />}
    </details>
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

function ScheduleActions(props: { schedule: Schedule; onEdit: (schedule: Schedule) => void; after: () => void }) {
  const { schedule, onEdit, after } = props;
  const { id, paused } = schedule;
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
      <OpenButton needs="admin" label={`Edit ${id}`} open={() => onEdit(schedule)}>
        Edit
      </OpenButton>
    </>
  );
}
