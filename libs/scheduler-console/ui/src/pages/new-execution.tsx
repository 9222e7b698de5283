import { useRef, useState } from 'preact/hooks';
import { messageOf, post } from '../api/client';
import { PRIORITIES, type Page, type Task } from '../api/types';
import { Dialog } from '../components/dialog';
import { Field } from '../components/field';
import { toast } from '../components/toasts';
import { uniqueKey } from '../lib/format';
import { FieldProblem, useForm, type ReadField } from '../lib/form';
import { fromLocalInput, readDuration, readJson, readList } from '../lib/inputs';
import { go, href } from '../lib/router';
import { useResource } from '../live/use-resource';

const FIELDS = ['taskId', 'priority', 'delay', 'scheduledTime', 'tags', 'after', 'idempotencyKey', 'payload'] as const;
type When = 'now' | 'delay' | 'time';

/** Asks for one execution. The same request sent twice, for want of an answer, schedules one: it bears the same key. */
export function NewExecutionDialog({ onClose, after }: { onClose: () => void; after: () => void }) {
  const tasks = useResource<Page<Task>>('tasks');
  const last = useRef({ request: '', key: '' });
  const [when, setWhen] = useState<When>('now');
  const [taskId, setTaskId] = useState<string | null>(null);
  const items = tasks.data?.items ?? [];
  const task = items.find((each) => each.taskId === taskId) ?? items[0];
  const dependencies = task?.dependencies ?? [];

  const form = useForm(FIELDS, async (read) => {
    const body = toBody(read, dependencies);
    const path = `tasks/${encodeURIComponent(read('taskId'))}/executions`;
    const request = path + JSON.stringify(body);
    if (last.current.request !== request) last.current = { request, key: uniqueKey() };
    const key = read('idempotencyKey') || last.current.key;
    const { executionId } = await post<{ executionId: string }>(path, body, { 'idempotency-key': key });
    toast('Scheduled');
    after();
    onClose();
    go(href('executions', executionId));
  });
  const { problems } = form;

  return (
    <Dialog title="Schedule a task" onClose={onClose}>
      <form class="form" ref={form.element} onSubmit={form.onSubmit} novalidate>
        <Field name="taskId" label="Task" problem={problems.taskId}>
          {(control) => (
            <select {...control} value={task?.taskId} onChange={(event) => setTaskId(event.currentTarget.value)}>
              {items.map(({ taskId: id, taskName }) => (
                <option key={id} value={id}>
                  {taskName === id ? id : `${taskName} (${id})`}
                </option>
              ))}
            </select>
          )}
        </Field>
        <div class="field-row">
          <Field name="when" label="When">
            {(control) => (
              <select {...control} value={when} onChange={(event) => setWhen(event.currentTarget.value as When)}>
                <option value="now">At once</option>
                <option value="delay">After a delay</option>
                <option value="time">At a time</option>
              </select>
            )}
          </Field>
          {when === 'delay' && (
            <Field name="delay" label="Delay" problem={problems.delay}>
              {(control) => <input {...control} placeholder="90s, 10m, 2h" />}
            </Field>
          )}
          {when === 'time' && (
            <Field name="scheduledTime" label="Time, in your time zone" problem={problems.scheduledTime}>
              {(control) => <input {...control} type="datetime-local" step="1" />}
            </Field>
          )}
          <Field name="priority" label="Priority" problem={problems.priority}>
            {(control) => (
              <select {...control}>
                <option value="">{task ? `${task.priority.toLowerCase()}, the task’s own` : 'the task’s own'}</option>
                {PRIORITIES.map((priority) => (
                  <option key={priority} value={priority}>
                    {priority.toLowerCase()}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </div>
        {dependencies.map(({ taskId: upstream, type }) => (
          <Field
            key={upstream}
            name={`after:${upstream}`}
            label={`After an execution of ${upstream}`}
            hint={`Waits for its ${type}. Left empty: of the newest one.`}
            problem={problems.after}
          >
            {(control) => <input {...control} class="mono" placeholder="execution id" spellcheck={false} />}
          </Field>
        ))}
        <div class="field-row">
          <Field name="tags" label="Tags" problem={problems.tags} hint="Parted by commas.">
            {(control) => <input {...control} placeholder="a, b" />}
          </Field>
          <Field
            name="idempotencyKey"
            label="Idempotency key"
            problem={problems.idempotencyKey}
            hint="The same key within a day schedules nothing new."
          >
            {(control) => <input {...control} placeholder="made for you" spellcheck={false} />}
          </Field>
        </div>
        <Field name="payload" label="Payload, as JSON" problem={problems.payload}>
          {(control) => <textarea {...control} rows={5} spellcheck={false} placeholder="{ }" />}
        </Field>
        <p class="problem" role="alert">
          {form.problem ?? (tasks.error ? messageOf(tasks.error) : '')}
        </p>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Close
          </button>
          <button type="submit" class="button button-primary" disabled={form.busy || task === undefined}>
            Schedule
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** @throws FieldProblem */
function toBody(read: ReadField, dependencies: Task['dependencies']): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  if (read('payload') !== '') body.payload = readJson(read, 'payload');
  if (read('when') === 'delay') body.delay = readDuration(read, 'delay');
  if (read('when') === 'time') {
    body.scheduledTime = fromLocalInput(read('scheduledTime'));
    if (body.scheduledTime === undefined) throw new FieldProblem('scheduledTime', 'Give a day and a time.');
  }
  if (read('priority') !== '') body.priority = read('priority');
  const tags = readList(read, 'tags');
  if (tags.length > 0) body.tags = tags;
  const after = dependencies.flatMap(({ taskId }) => {
    const executionId = read(`after:${taskId}`);
    return executionId === '' ? [] : [[taskId, executionId]];
  });
  if (after.length > 0) body.after = Object.fromEntries(after);
  return body;
}
