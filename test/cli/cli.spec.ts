import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AdvancedTaskScheduler } from 'nestjs-advanced-scheduler';
import { run } from '../../libs/scheduler-cli/src/run.js';
import { freePort } from '../support/redis-server.js';
import { closeConsoles, startConsole, TOKENS, type Role } from '../support/console.js';

const ADMIN = { token: 'admin-with-payloads-0123', name: 'ann', role: 'admin', payloads: true } as const;
const folder = mkdtempSync(join(tmpdir(), 'cli-'));
const release = new Map<string, () => void>();

let url: string;
let scheduler: AdvancedTaskScheduler;

async function cli(
  args: readonly string[],
  { as = 'ann', to = url, env = {} }: { as?: Role | 'ann' | null; to?: string; env?: Record<string, string> } = {},
) {
  let [out, err] = ['', ''];
  const token = as === 'ann' ? ADMIN.token : (TOKENS.find(({ role }) => role === as)?.token ?? '');
  const code = await run(args, {
    env: { NESTJS_SCHEDULER_URL: to, NESTJS_SCHEDULER_TOKEN: token, ...env },
    out: (text) => (out += text),
    err: (text) => (err += text),
  });
  return { code, out, err };
}
const json = async (...args: string[]): Promise<any> => JSON.parse((await cli(['--json', ...args])).out);
const schedule = (task: string, options = {}) => scheduler.scheduleTask(task, options);

beforeAll(async () => {
  const tasks = {
    echo: (payload: unknown) => payload,
    fail: () => {
      throw new Error('no paper \u001b[2J left');
    },
    hold: ({ name }: { name: string }) => new Promise<void>((resolve) => void release.set(name, resolve)),
  };
  const console = { path: 'ops', auth: { tokens: [...TOKENS, ADMIN] } };
  const started = await startConsole(tasks, { console });
  url = `${started.url}/ops`;
  scheduler = started.scheduler;
});

afterAll(async () => {
  for (const end of release.values()) end();
  await closeConsoles();
  rmSync(folder, { recursive: true, force: true });
});

describe('executions', () => {
  it('are listed, shown and explained', async () => {
    const id = await schedule('fail', { tags: ['paper'] });
    await scheduler.waitForExecution(id);
    const { code, out } = await cli(['list', '--tag', 'paper']);
    expect(code).toBe(0);
    const [head, row] = out.split('\n');
    expect(head).toMatch(/^ID +TASK +STATUS +QUEUE +PRIORITY +CREATED +REASON +ERROR$/);
    expect(row).toMatch(new RegExp(`^${id} +fail +FAILED .*no paper  ?\\[2J left$`));
    const shown = await cli(['show', id]);
    expect(shown.out).toMatch(/^status +FAILED$/m);
    expect(shown.out).not.toContain('\u001b');
    expect(await json('show', id)).toMatchObject({
      executionId: id,
      error: { message: expect.stringContaining('\u001b') },
    });
    expect((await cli(['why', id])).out).toBe(`${(await scheduler.why(id))!.text.replace(/\p{Cc}/gu, ' ')}\n`);
  });

  it('are listed over several pages, up to a limit, which is reported', async () => {
    for (let i = 0; i < 3; i++) await schedule('echo', { tags: ['many'] });
    expect(await json('list', '--tag', 'many')).toHaveLength(3);
    const { out, err } = await cli(['list', '--tag', 'many', '--limit', '2', '--json']);
    expect(JSON.parse(out)).toHaveLength(2);
    expect(err).toBe('more than 2: use --limit or a filter\n');
  });

  it('are cancelled by ids; those that cannot be are named', async () => {
    const ids = await Promise.all([schedule('echo', { delay: '1h' }), schedule('echo', { delay: '1h' })]);
    const { code, out, err } = await cli(['cancel', ids[0], '01NOSUCHEXECUTION', ids[1]]);
    expect([code, out]).toEqual([1, 'changed 2\n']);
    expect(err).toMatch(/^EXECUTION_NOT_FOUND: /);
    for (const id of ids) expect((await scheduler.getTaskStatus(id))!.status).toBe('CANCELLED');
    expect((await cli(['cancel', ids[0]])).err).toMatch(/^ALREADY_TERMINAL: /);
  });

  it('are cancelled and run again by a filter', async () => {
    for (let i = 0; i < 3; i++) await schedule('echo', { delay: '1h', tags: ['later'] });
    expect((await cli(['cancel', '--tag', 'later', '--limit', '2'])).out).toBe('changed 2; more match: run it again\n');
    expect(await json('cancel', '--tag', 'later')).toEqual({ changed: 1, matched: 1, more: false });
    expect((await cli(['retry', '--tag', 'later', '--status', 'CANCELLED,FAILED'])).out).toBe('changed 3\n');
  });

  it.each([
    [['cancel']],
    [['retry']],
    [['cancel', 'x', '--tag', 'y']],
    [['list', '--limit', '0']],
    [['list', '--limit', 'x']],
    [['drop']],
    [['show']],
    [['list', '--nope']],
  ])('%j is wrong usage', async (args) => {
    const { code, out, err } = await cli(args);
    expect([code, out]).toEqual([64, '']);
    expect(err).not.toBe('');
  });
});

describe('queues and schedules', () => {
  it('are listed, paused and resumed', async () => {
    expect((await cli(['queues'])).out).toMatch(/^QUEUE +READY +PAUSED +SERVED .*\ndefault +0 +no +yes/);
    expect((await cli(['pause', 'default'])).out).toBe('default: paused, 0 ready\n');
    expect(await json('resume', 'default')).toMatchObject({ name: 'default', paused: false });
    await scheduler.scheduleCronTask('echo', '0 3 * * *', { id: 'nightly', payload: { a: 1 } });
    expect((await cli(['schedules'])).out).toMatch(/^nightly +echo +0 3 \* \* \* +UTC +no +\d{4}-.*Z$/m);
    expect((await cli(['schedules', 'pause', 'nightly'])).out).toBe('nightly: paused\n');
    expect((await cli(['schedules', 'resume', 'nightly'])).out).toMatch(/^nightly: next tick \d{4}-/);
    const { executionId } = await json('schedules', 'trigger', 'nightly');
    expect((await scheduler.waitForExecution(executionId)).result).toEqual({ a: 1 });
    expect(await cli(['pause', 'nowhere'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^QUEUE_NOT_FOUND: /),
    });
  });

  it('drain waits for running executions, and reports why a queue cannot become empty', async () => {
    const id = await schedule('hold', { payload: { name: 'drain' } });
    while (!release.has('drain')) await new Promise(setImmediate);
    expect(await cli(['drain', 'default', '--timeout', '1'])).toMatchObject({
      code: 1,
      err: "queue 'default' is not empty after 1 s: 0 ready, some running\n",
    });
    const draining = cli(['drain', 'default']);
    release.get('drain')!();
    await scheduler.waitForExecution(id);
    expect(await draining).toEqual({ code: 0, out: 'default: drained\n', err: '' });
    await cli(['pause', 'default']);
    const waiting = await schedule('echo');
    expect((await cli(['drain', 'default'])).err).toMatch(/^queue 'default' is paused: 1 ready/);
    await scheduler.cancelTask(waiting);
    await cli(['resume', 'default']);
    expect(await cli(['drain', 'nowhere'])).toMatchObject({ code: 1, err: "QUEUE_NOT_FOUND: no queue 'nowhere'\n" });
  });
});

describe('export and import', () => {
  it('restore schedules that were created at run time, without secrets', async () => {
    const file = join(folder, 'schedules.json');
    await scheduler.scheduleCronTask('echo', '0 4 * * 1', {
      id: 'weekly',
      timezone: 'Europe/Berlin',
      payload: { a: 1 },
    });
    await scheduler.scheduleCronTask('echo', '0 5 * * *', { id: 'secret', payload: { password: 'geheim' } });
    await scheduler.pauseCronTask('weekly');
    const before = (await scheduler.listCronTasks()).find(({ id }) => id === 'weekly')!;
    const exported = await cli(['export', file]);
    expect(exported.err).toMatch(/^secret: its payload has secrets and is not exported; .*\nexported \d schedules to /);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = readFileSync(file, 'utf8');
    expect(text).not.toMatch(/geheim|REDACTED/);
    expect((await cli(['export'])).out).toBe(text);

    for (const { id } of await scheduler.listCronTasks()) if (id !== 'secret') await scheduler.unscheduleCronTask(id);
    expect((await cli(['import', file, '--dry-run'])).out).toMatch(/^would be: \d created, 1 changed\n$/);
    expect(await scheduler.listCronTasks()).toHaveLength(1);
    expect((await cli(['import', file])).code).toBe(0);
    const after = await scheduler.listCronTasks();
    expect(after.find(({ id }) => id === 'weekly')).toEqual(before);
    expect(after.find(({ id }) => id === 'secret')!.payload).toEqual({ password: 'geheim' });
  });

  it('refuse a token without payloads and invalid files, and name the refused schedule', async () => {
    expect(await cli(['export'], { as: 'viewer' })).toMatchObject({ code: 77, out: '' });
    const file = join(folder, 'other.json');
    writeFileSync(file, '{"schedules":[]}');
    expect(await cli(['import', file])).toMatchObject({ code: 64, err: expect.stringContaining('not an export') });
    expect(await cli(['import', join(folder, 'none.json')])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/ENOENT\n$/),
    });
    const schedules = [{ id: 'x', taskId: 'echo', cronExpression: 'never' }];
    writeFileSync(file, JSON.stringify({ format: 'nestjs-scheduler-schedules-1', schedules }));
    expect((await cli(['import', file])).err).toMatch(/^[A-Z_]+: schedule 'x': /);
  });
});

describe('failures', () => {
  it('of access exit with 77, name the code, and show no token', async () => {
    const anonymous = await cli(['queues'], { as: null });
    expect(anonymous).toMatchObject({
      code: 77,
      err: expect.stringMatching(/^UNAUTHENTICATED: .*NESTJS_SCHEDULER_TOKEN/),
    });
    expect(await cli(['pause', 'default'], { as: 'viewer' })).toMatchObject({
      code: 77,
      err: expect.stringMatching(/^FORBIDDEN/),
    });
    const wrong = await cli(['queues'], { as: null, env: { NESTJS_SCHEDULER_TOKEN: 'wrong-0123456789abc' } });
    expect([wrong.code, wrong.err.includes('wrong-0123')]).toEqual([77, false]);
  });

  it('are one JSON document on standard error with --json', async () => {
    const { code, out, err } = await cli(['show', '01NOSUCHEXECUTION', '--json']);
    expect([code, out]).toEqual([1, '']);
    expect(JSON.parse(err)).toEqual({ error: { code: 'EXECUTION_NOT_FOUND', message: expect.any(String) } });
  });

  it('of the connection and of the URL state what to change', async () => {
    expect(await cli(['queues'], { to: `http://127.0.0.1:${await freePort()}` })).toMatchObject({
      code: 69,
      err: expect.stringContaining('ECONNREFUSED'),
    });
    expect(await cli(['queues'], { to: `${url}/nowhere` })).toMatchObject({
      code: 1,
      err: expect.stringContaining('no console at'),
    });
    const secret = await cli(['queues'], { to: url.replace('://', '://ada:geheim@') });
    expect([secret.code, secret.err]).toEqual([64, expect.not.stringContaining('geheim')]);
    expect(await cli(['queues', '--url', 'ftp://x'])).toMatchObject({
      code: 64,
      err: 'the URL of the console is not an http or https URL\n',
    });
  });

  it('of a rate limit are retried later, and no redirect is followed', async () => {
    const asked: (string | undefined)[] = [];
    const server: Server = createServer((request, response) => {
      asked.push(request.url);
      if (asked.length === 1) response.writeHead(429, { 'retry-after': '1' }).end('{}');
      else if (asked.length === 2) response.end('{"items":[],"nextCursor":null}');
      else response.writeHead(302, { location: `${url}/api/queues` }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const to = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await cli(['queues'], { to })).toMatchObject({ code: 0, err: '' });
    expect(await cli(['queues'], { to })).toMatchObject({ code: 1, err: expect.stringContaining('HTTP 302') });
    expect(asked).toEqual(Array(3).fill('/api/queues'));
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('a recount', () => {
  it('agrees with the counters, whatever executions wait for', async () => {
    const { executions } = await scheduler.runWorkflow({
      tasks: [
        { ref: 'held', taskId: 'hold', payload: { name: 'counted' } },
        { ref: 'behind', taskId: 'echo', dependencies: [{ ref: 'held', type: 'success' }] },
      ],
    });
    const delayed = await schedule('echo', { delay: '1h' });
    scheduler.registerTask({ taskId: 'elsewhere', funcPath: 'elsewhere', remote: true });
    const unhandled = await schedule('elsewhere');
    while (!release.has('counted')) await new Promise(setImmediate);
    while ((await scheduler.getTaskStatus(unhandled))!.waitingFor?.kind !== 'handler') await new Promise(setImmediate);
    expect(await json('recount')).toEqual([
      { figure: 'waiting', counter: 3, recount: 3 },
      { figure: 'running', counter: 1, recount: 1 },
    ]);
    await scheduler.cancelTask(delayed);
    await scheduler.cancelTask(unhandled);
    release.get('counted')!();
    await scheduler.waitForExecution(executions['behind']!);
  });

  it('names the counters that differ, and refuses while they change', async () => {
    const health = {
      storeReachable: true,
      runningTasks: 1,
      queueStats: { totalWaiting: 0 },
      metrics: { started: 1 },
    };
    let changes = false;
    const server: Server = createServer(({ url: path }, response) => {
      if (changes) health.metrics.started++;
      response.end(JSON.stringify(path!.startsWith('/api/health') ? health : { items: [], nextCursor: null }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const to = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await cli(['recount'], { to })).toMatchObject({ code: 1, err: 'differs: running\n' });
    changes = true;
    expect(await cli(['recount'], { to })).toMatchObject({ code: 1, err: expect.stringContaining('pause the queues') });
    health.storeReachable = false;
    expect((await cli(['recount'], { to })).code).toBe(69);
    await new Promise((resolve) => server.close(resolve));
  });
});

it('every command of the guide runs', async () => {
  const guide = readFileSync('docs/guide/cli.md', 'utf8');
  const lines = [...guide.matchAll(/^nestjs-scheduler (.+?)(?: +#.*)?$/gm)].map(([, line]) => line!);
  expect(lines.length).toBeGreaterThan(10);
  const id = await schedule('fail', { tags: ['nightly-import'] });
  await scheduler.waitForExecution(id);
  await scheduler.scheduleCronTask('echo', '0 3 * * *', { id: 'nightly-report' });
  for (const line of lines.filter((each) => !each.startsWith('doctor'))) {
    const words = line.replaceAll('"$ID"', id).replaceAll('schedules.json', join(folder, 'guide.json')).split(' ');
    // An execution that has ended cannot be cancelled, nor one that waits be run again.
    const { code, err } = await cli(words);
    expect([line, code, err.replace(/^exported .*\n/m, '')]).toEqual([line, 0, expect.not.stringMatching(/error/i)]);
    await scheduler.waitForExecution(id);
  }
});
