import { useMemo, useState } from 'preact/hooks';
import { messageOf, put, remove } from '../api/client';
import type { Page, Schedule, Task } from '../api/types';
import { Action } from '../components/button';
import { confirm, Dialog } from '../components/dialog';
import { Field } from '../components/field';
import { Select } from '../components/select';
import { act, toast } from '../components/toasts';
import { durationText } from '../lib/format';
import { FieldProblem, useForm } from '../lib/form';
import { fromLocalInput, toLocalInput } from '../lib/inputs';
import { useResource } from '../live/use-resource';
import { SchedulePreview, type Ticking } from './schedule-preview';
import { editablePayload, MISFIRES, misfireOf, OVERLAPS, scheduleBody, type MisfireChoice } from './schedule-values';

const FIELDS = [
  'id',
  'taskId',
  'cronExpression',
  'timezone',
  'startTime',
  'endTime',
  'overlap',
  'misfire',
  'jitter',
  'payload',
] as const;
const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone')];

interface EditorProps {
  /** null: a new one. */
  schedule: Schedule | null;
  existing: readonly Schedule[];
  onClose: () => void;
  after: () => void;
}

/** Creates, changes or deletes a schedule; shows the next ticks while its expression is typed. */
export function ScheduleEditor({ schedule, existing, onClose, after }: EditorProps) {
  const tasks = useResource<Page<Task>>('tasks');
  const [ticking, setTicking] = useState<Ticking>({
    cronExpression: schedule?.cronExpression ?? '',
    timezone: schedule?.timezone ?? 'UTC',
    startTime: schedule?.startTime ?? undefined,
    endTime: schedule?.endTime ?? undefined,
  });
  // What it was when the editor was opened: live updates shall not move the ground under the hand.
  const [initial] = useState(() => ({ misfire: misfireOf(schedule ?? {}), payload: editablePayload(schedule) }));
  const [misfire, setMisfire] = useState<MisfireChoice>(initial.misfire.choice);
  const finish = (): void => {
    after();
    onClose();
  };
  const form = useForm(FIELDS, async (read) => {
    const id = schedule?.id ?? (read('id') || read('taskId'));
    if (schedule === null && existing.some((each) => each.id === id))
      throw new FieldProblem('id', `There is a schedule ${id} already.`);
    await put(`schedules/${encodeURIComponent(id)}`, scheduleBody(read, initial.payload.text));
    toast(`Schedule ${id} ${schedule === null ? 'created' : 'changed'}`);
    finish();
  });
  const { problems } = form;
  const taskIds = tasks.data?.items.map(({ taskId }) => taskId) ?? (schedule === null ? [] : [schedule.taskId]);

  return (
    <Dialog title={schedule === null ? 'New schedule' : `Edit ${schedule.id}`} onClose={onClose}>
      <form class="form" ref={form.element} onSubmit={form.onSubmit} novalidate>
        {schedule?.declaredBy != null && (
          <p class="notice">
            The code of {schedule.declaredBy} declares this schedule; its next start puts back what the code says.
          </p>
        )}
        <div class="field-row">
          <Field name="taskId" label="Task" problem={problems.taskId}>
            {(control) => (
              <Select {...control} initial={schedule?.taskId} options={taskIds.map((taskId) => [taskId, taskId])} />
            )}
          </Field>
          {schedule === null && (
            <Field name="id" label="Name" problem={problems.id}>
              {(control) => <input {...control} placeholder="that of the task" spellcheck={false} />}
            </Field>
          )}
        </div>
        <div class="field-row">
          <Field
            name="cronExpression"
            label="Cron expression"
            hint="Minute, hour, day of month, month, day of week; seconds may come first."
            problem={problems.cronExpression}
          >
            {(control) => (
              <input
                {...control}
                class="mono"
                placeholder="0 3 * * *"
                autocomplete="off"
                spellcheck={false}
                defaultValue={schedule?.cronExpression}
                onInput={(event) => setTicking({ ...ticking, cronExpression: event.currentTarget.value })}
              />
            )}
          </Field>
          <Field name="timezone" label="Time zone" problem={problems.timezone}>
            {(control) => (
              <input
                {...control}
                list="time-zones"
                spellcheck={false}
                defaultValue={schedule?.timezone ?? 'UTC'}
                onInput={(event) => setTicking({ ...ticking, timezone: event.currentTarget.value.trim() })}
              />
            )}
          </Field>
          <TimeZones />
        </div>
        <SchedulePreview of={ticking} />
        <div class="field-row">
          {(['startTime', 'endTime'] as const).map((name) => (
            <Field
              key={name}
              name={name}
              label={`Not ${name === 'startTime' ? 'before' : 'after'}, in your own time zone`}
              problem={problems[name]}
            >
              {(control) => (
                <input
                  {...control}
                  type="datetime-local"
                  step="1"
                  defaultValue={toLocalInput(schedule?.[name])}
                  onInput={(event) => setTicking({ ...ticking, [name]: fromLocalInput(event.currentTarget.value) })}
                />
              )}
            </Field>
          ))}
        </div>
        <div class="field-row">
          <Field name="overlap" label="While one still runs" problem={problems.overlap}>
            {(control) => <Select {...control} initial={schedule?.overlap} options={OVERLAPS} />}
          </Field>
          <Field name="misfire" label="Ticks that were missed" problem={problems.misfire}>
            {(control) => (
              <Select
                {...control}
                initial={initial.misfire.choice}
                options={MISFIRES}
                onChoose={(choice) => setMisfire(choice as MisfireChoice)}
              />
            )}
          </Field>
          {misfire === 'all' && (
            <Field name="atMost" label="At most">
              {(control) => <input {...control} type="number" min="1" defaultValue={String(initial.misfire.atMost)} />}
            </Field>
          )}
          <Field name="jitter" label="Jitter" problem={problems.jitter}>
            {(control) => (
              <input {...control} placeholder="none, or 30s" defaultValue={durationText(schedule?.jitter ?? 0)} />
            )}
          </Field>
        </div>
        <Field name="payload" label="Payload, as JSON" hint={initial.payload.hint} problem={problems.payload}>
          {(control) => <textarea {...control} rows={4} spellcheck={false} defaultValue={initial.payload.text} />}
        </Field>
        <p class="problem" role="alert">
          {form.problem ?? (tasks.error ? messageOf(tasks.error) : '')}
        </p>
        <div class="dialog-actions">
          {schedule !== null && <DeleteSchedule schedule={schedule} after={finish} />}
          <button type="button" class="button" onClick={onClose}>
            Close
          </button>
          <button type="submit" class="button button-primary" disabled={form.busy}>
            {schedule === null ? 'Create' : 'Save'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** All that the browser knows, to choose from; made once, since they are hundreds. */
function TimeZones() {
  return useMemo(
    () => (
      <datalist id="time-zones">
        {ZONES.map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    ),
    [],
  );
}

function DeleteSchedule({ schedule: { id, declaredBy }, after }: { schedule: Schedule; after: () => void }) {
  const run = async (): Promise<void> => {
    const again = declaredBy === null ? '' : ` The next start of ${declaredBy} puts it back.`;
    const text = `${id} does not fire again; what it has scheduled continues.${again}`;
    if (!(await confirm('Delete this schedule', text, 'Delete'))) return;
    if (await act(() => remove(`schedules/${encodeURIComponent(id)}`), `Schedule ${id} deleted`)) after();
  };
  return (
    <Action needs="admin" kind="danger" run={run} label={`Delete ${id}`}>
      Delete
    </Action>
  );
}
