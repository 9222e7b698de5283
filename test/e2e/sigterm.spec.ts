import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { buildLibrary } from '../support/built-library.js';

jest.setTimeout(90_000);

interface Row {
  taskId: string;
  status: string;
  retryCount: number;
  attempts: number;
}

describe('SIGTERM to a real process under load', () => {
  let library: ReturnType<typeof buildLibrary>;
  let child: ChildProcess;

  beforeAll(() => {
    library = buildLibrary('sigterm');
    child = fork(fileURLToPath(new URL('./fixtures/loaded-app.mjs', import.meta.url)), [library.index], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  });

  afterAll(() => {
    child.kill('SIGKILL');
    library.remove();
  });

  it('changes readiness to 503 while it drains, loses nothing and uses no attempt', async () => {
    const [{ url, scheduled }] = (await once(child, 'message')) as [{ url: string; scheduled: number }];
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);

    const lastWord = once(child, 'message') as Promise<[{ executions: Row[] }]>;
    const exit = once(child, 'exit') as Promise<[number | null, string | null]>;
    child.kill('SIGTERM');
    const draining = await readinessTurns(url);
    expect(draining.status).toBe(503);
    expect(JSON.stringify(draining.body)).toContain('draining');
    expect((await fetch(`${url}/health/live`)).status).toBe(200);

    const [{ executions }] = await lastWord;
    const [code, signal] = await exit;
    expect({ code, signal }).toEqual({ code: null, signal: 'SIGTERM' });

    expect(executions).toHaveLength(scheduled);
    const count = (taskId: string, status: string): number =>
      executions.filter((each) => each.taskId === taskId && each.status === status).length;
    expect(count('work.short', 'COMPLETED')).toBeGreaterThan(0);
    expect(count('work.short', 'COMPLETED') + count('work.short', 'PENDING')).toBe(scheduled - 2);
    // One obeyed the abort, one ignored it: both are back in the queue, without using an attempt.
    expect(count('work.long', 'PENDING')).toBe(1);
    expect(count('work.stubborn', 'PENDING')).toBe(1);
    const waiting = executions.filter((each) => each.status === 'PENDING');
    expect(waiting.filter((each) => each.retryCount > 0 || each.attempts > 0)).toEqual([]);
  });
});

/** Polls until the response changes: the signal takes a moment to arrive. */
async function readinessTurns(url: string): Promise<{ status: number; body: unknown }> {
  for (let asked = 0; asked < 2000; asked++) {
    const reply = await fetch(`${url}/health/ready`);
    const body: unknown = await reply.json();
    if (reply.status !== 200) return { status: reply.status, body };
  }
  throw new Error('readiness stayed 200');
}
