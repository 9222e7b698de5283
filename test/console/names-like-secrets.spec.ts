import { afterEach, expect, it } from '@jest/globals';
import { closeConsoles, startConsole } from '../support/console.js';

afterEach(closeConsoles);

it('names and ids that look like secrets stay as they are', async () => {
  const { call, scheduler } = await startConsole({
    'token:refresh': [{ cron: '0 0 1 1 *' }, () => 1],
    'api-key': ({ password }) => {
      throw new Error(`password=${password}`);
    },
  });
  const { body: tasks } = await call('admin', 'get', '/api/tasks');
  expect(tasks.items).toContainEqual(expect.objectContaining({ taskId: 'token:refresh' }));
  const { body: schedules } = await call('admin', 'get', '/api/schedules');
  expect(schedules.items).toMatchObject([{ id: 'token:refresh', taskId: 'token:refresh' }]);
  const nodes = [
    { taskId: 'token:refresh', ref: 'secret' },
    { taskId: 'api-key', payload: { password: 'hunter22', taskId: 'token:abcdef' } },
  ];
  const { body: run } = await call('admin', 'post', '/api/workflows').send({ name: 'token:a', tasks: nodes });
  for (const [ref, id] of Object.entries<string>(run.executions)) {
    const ended = await scheduler.waitForExecution(id);
    const { body: shown } = await call('admin', 'get', `/api/executions/${id}`);
    expect(shown).toMatchObject({ executionId: id, ref, taskId: ended.taskId, taskName: ended.taskName });
  }
  const { body: failed } = await call('admin', 'get', `/api/executions/${run.executions['api-key']}`);
  expect(failed.payload).toEqual({ password: '[redacted]', taskId: 'token:[redacted]' });
  expect(failed.error.message).toBe('password=[redacted]');
});

it('pages of locks end, also with keys that contain secrets', async () => {
  const { call, scheduler } = await startConsole({});
  const handles = [];
  for (const key of ['pin:z1234', 'a', 'token:abcdef', 'b', 'token:ghijkl', 'https://u:secret@host'])
    handles.push(await scheduler.lockManager.acquire(key));
  const seen: number[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < 6; page++) {
    const more: string = cursor === null ? '' : `&cursor=${cursor}`;
    const { body } = await call('viewer', 'get', `/api/locks?limit=1${more}`);
    expect(JSON.stringify(body)).not.toMatch(/1234|abcdef|ghijkl|secret/);
    seen.push(body.items[0].fencingToken);
    cursor = body.nextCursor;
  }
  expect(cursor).toBeNull();
  expect(seen.sort()).toEqual(handles.map((handle) => handle!.fencingToken).sort());
  await call('viewer', 'get', '/api/locks?cursor=b').expect(400);
});
