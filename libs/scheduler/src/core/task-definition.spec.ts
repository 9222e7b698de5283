import { expect, it } from '@jest/globals';
import { checkTaskDefinition } from './check-definition.js';
import { toTaskRecord } from './task-definition.js';

it('a task record is JSON: it has no functions', () => {
  const task = checkTaskDefinition({
    taskId: 'a',
    funcPath: 'app.a',
    requireLock: true,
    lockKey: () => 'k',
    retryConfig: { retryIf: () => true },
    dependencies: [{ taskId: 'b' }],
    payload: { x: 1 },
  });
  const mirror = toTaskRecord(task, 'app', '1.0.0');
  expect(mirror).toMatchObject({ taskId: 'a', lockKey: null, appName: 'app', appVersion: '1.0.0', payload: { x: 1 } });
  expect(mirror.retry).not.toHaveProperty('retryIf');
  expect(mirror).not.toHaveProperty('remote');
  expect(JSON.parse(JSON.stringify(mirror))).toEqual(mirror);
});

it('a task record keeps the template of a lock key, and the absence of retries', () => {
  const task = checkTaskDefinition({ taskId: 'a', funcPath: 'app.a', requireLock: true, lockKey: 'k:{payload.id}' });
  expect(toTaskRecord(task, 'app', '1')).toMatchObject({ lockKey: 'k:{payload.id}', retry: null });
});
