import { afterEach, expect, it } from '@jest/globals';
import { closeApps, startApp } from '../support/app.js';
import { closeAll, serve } from './fixtures.js';

afterEach(async () => {
  await closeApps();
  await closeAll();
});

const text = (kilobytes: number): string => 'x'.repeat(kilobytes * 1000);

it('the largest requests pass on a server with the smallest limits that Redis permits', async () => {
  const server = await serve({ args: ['--client-query-buffer-limit', '1mb', '--proto-max-bulk-len', '1mb'] });
  const { scheduler } = await startApp(
    { large: () => text(250), join: (_, { results }) => Object.keys(results).length },
    { store: { type: 'redis', url: server.url } },
  );
  const large = Array.from({ length: 80 }, () => ({ taskId: 'large', payload: text(250) }));
  const ids = await scheduler.scheduleTasks(large);
  const refs = large.map((node, i) => ({ ...node, ref: `n${i}` }));
  const dependencies = refs.map(({ ref }) => ({ ref, type: 'success' as const }));
  const { executions } = await scheduler.runWorkflow({ tasks: [...refs, { taskId: 'join', dependencies }] });
  const ended = await Promise.all([...ids, executions['join']!].map((id) => scheduler.waitForExecution(id)));
  expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(['COMPLETED']));
  expect(ended.at(-1)!.result).toBe(80);
}, 60_000);
