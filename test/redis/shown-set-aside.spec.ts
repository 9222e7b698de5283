import { afterAll, afterEach, expect, it } from '@jest/globals';
import type { LoggerService } from '@nestjs/common';
import { SILENT } from '../support/app.js';
import { closeConsoles, startConsole } from '../support/console.js';
import { until } from '../support/until.js';
import { closeAll, serve } from './fixtures.js';

afterEach(closeConsoles);
afterAll(closeAll);

it('a record that is set aside is shown by health, a metric and a log line; the others run', async () => {
  const server = await serve();
  const errors: string[] = [];
  const logger: LoggerService = { ...SILENT, error: (line: unknown) => void errors.push(String(line)) };
  const scheduler = { store: { type: 'redis' as const, url: server.url }, namespace: 'aside' };
  const started = await startConsole({ t: () => 1 }, { scheduler, logger });
  expect(await started.scheduler.getHealthStatus()).toMatchObject({ status: 'healthy', problems: [] });
  const ids = await started.scheduler.scheduleTasks([1, 2, 3].map(() => ({ taskId: 't', delay: '1s' })));
  await server.command('HSET', '{aside}:s', ids[1]!, '\u0001garbage');

  for (const id of [ids[0]!, ids[2]!])
    expect(await started.scheduler.waitForExecution(id)).toMatchObject({ status: 'COMPLETED' });
  await until(async () => errors.some((line) => line.includes('set aside')));
  expect(errors).toEqual([
    expect.stringMatching(new RegExp(`^\\w+: ${ids[1]} could not be processed and was set aside: .+`)),
  ]);
  const { status, problems, metrics } = await started.scheduler.getHealthStatus();
  expect({ status, problems, setAside: metrics.setAside }).toEqual({
    status: 'degraded',
    problems: ['1 stored records could not be processed and were set aside'],
    setAside: 1,
  });
  const { text } = await started.call('viewer', 'get', '/metrics').expect(200);
  expect(text).toContain('\nscheduler_set_aside_total 1\n');
});
