import { useRef, useState } from 'preact/hooks';
import { messageOf, post } from '../api/client';
import { PRIORITIES, type Page, type Task } from '../api/types';
import { Dialog } from '../components/dialog';
import { toast } from '../components/toasts';
import { parseDuration, uniqueKey } from '../lib/format';
import { go, href } from '../lib/router';
import { useResource } from '../live/use-resource';

/** Asks for one execution. Its idempotency key lives as long as the dialog: pressing twice schedules one. */
export function ScheduleDialog({ onClose, after }: { onClose: () => void; after: () => void }) {
  const tasks = useResource<Page<Task>>('tasks');
  const key = useRef(uniqueKey());
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const request = toRequest((name) => {
      const value = form.get(name);
      return typeof value === 'string' ? value.trim() : '';
    });
    if (typeof request === 'string') {
      setProblem(request);
      return;
    }
    setBusy(true);
    post<{ executionId: string }>(`tasks/${encodeURIComponent(request.taskId)}/executions`, request.body, {
      'idempotency-key': key.current,
    })
      .then(({ executionId }) => {
        toast('Scheduled');
        after();
        onClose();
        go(href('executions', executionId));
      })
      .catch((error: unknown) => {
        // The next try says something else, so that it needs a key of its own.
        key.current = uniqueKey();
        setProblem(messageOf(error));
      })
      .finally(() => setBusy(false));
  };

  return (
    <Dialog title="Schedule one execution" onClose={onClose}>
      <form class="form" onSubmit={submit}>
        <label class="field">
          <span>Task</span>
          <select name="taskId" required>
            {tasks.data?.items.map(({ taskId, taskName }) => (
              <option key={taskId} value={taskId}>
                {taskName === taskId ? taskId : `${taskName} (${taskId})`}
              </option>
            ))}
          </select>
        </label>
        <div class="field-row">
          <label class="field">
            <span>Priority</span>
            <select name="priority">
              <option value="">the task’s own</option>
              {PRIORITIES.map((priority) => (
                <option key={priority} value={priority}>
                  {priority.toLowerCase()}
                </option>
              ))}
            </select>
          </label>
          <label class="field">
            <span>Delay</span>
            <input name="delay" placeholder="at once, or 90s, 10m, 2h" />
          </label>
          <label class="field">
            <span>Tags</span>
            <input name="tags" placeholder="a, b" />
          </label>
        </div>
        <label class="field">
          <span>Payload, as JSON</span>
          <textarea name="payload" rows={6} spellcheck={false} placeholder="{ }" />
        </label>
        <p class="problem" role="alert">
          {problem ?? (tasks.error ? messageOf(tasks.error) : '')}
        </p>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Close
          </button>
          <button type="submit" class="button button-primary" disabled={busy}>
            Schedule
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** What to send, or what is wrong. */
function toRequest(field: (name: string) => string): { taskId: string; body: Record<string, unknown> } | string {
  const body: Record<string, unknown> = {};
  if (field('payload') !== '') {
    try {
      body.payload = JSON.parse(field('payload'));
    } catch (error) {
      return `The payload is no JSON: ${messageOf(error)}`;
    }
  }
  if (field('delay') !== '') {
    const delay = parseDuration(field('delay'));
    if (delay === null) return 'The delay is a number with a unit: 500ms, 90s, 10m, 2h, 1d.';
    body.delay = delay;
  }
  if (field('priority') !== '') body.priority = field('priority');
  const tags = field('tags')
    .split(',')
    .map((tag) => tag.trim())
    .filter(Boolean);
  if (tags.length > 0) body.tags = tags;
  return { taskId: field('taskId'), body };
}
