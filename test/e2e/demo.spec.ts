import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { buildApp } from '../support/built-library.js';
import { temporaryFolder } from '../support/open-embedded.js';

jest.setTimeout(120_000);

describe('npm start -- --demo', () => {
  let app: ReturnType<typeof buildApp>;
  const running: ChildProcess[] = [];
  const folder = temporaryFolder();
  const token = 'of-the-admin-0123456789';

  beforeAll(() => {
    app = buildApp('demo');
  });
  afterAll(async () => {
    await Promise.all(
      running.map(async (child) => {
        const exit = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
        child.kill('SIGKILL');
        await exit;
      }),
    );
    app?.remove();
    folder.remove();
  });

  function start(args: string[], env: Record<string, string> = {}): ChildProcess {
    const child = spawn(process.execPath, [app.main, ...args], {
      env: {
        ...process.env,
        ...{ PORT: '0', DATA_DIR: folder.path('data'), CONSOLE_ADMIN_TOKEN: token, LOG_FORMAT: 'text' },
        // Not used: the demo keeps its state in memory.
        ...{ STORE: 'redis', REDIS_URL: 'redis://127.0.0.1:1', RUN_WORKFLOW_ON_START: 'false' },
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.push(child);
    return child;
  }

  it('fills the dashboard with work, in memory whatever the store is', async () => {
    const lines = createInterface({ input: start(['--demo']).stdout! });
    let url = '';
    for await (const line of lines) {
      url = /dashboard: (\S+)\/dashboard\//.exec(line)?.[1] ?? url;
      if (line.includes('patient-2 arrives')) break;
    }
    const listed = await fetch(`${url}/api/executions`, { headers: { authorization: `Bearer ${token}` } });
    const { items } = (await listed.json()) as { items: { taskId: string }[] };
    const tasks = new Set(items.map(({ taskId }) => taskId));
    expect([...tasks]).toEqual(
      expect.arrayContaining(['admission', 'triage', 'laboratory', 'imaging', 'letter'].map((name) => `demo.${name}`)),
    );
  });

  it('leaves no task without a handler where it is not asked for', async () => {
    const lines: string[] = [];
    for await (const line of createInterface({ input: start([], { STORE: 'memory' }).stdout! })) {
      lines.push(line);
      if (line.includes('dashboard: ')) break;
    }
    expect(lines.filter((line) => line.includes('DemoTasks'))).toEqual([]);
  });

  it('refuses any other argument in one line', async () => {
    const child = start(['--dmeo']);
    let text = '';
    child.stderr!.on('data', (data) => (text += String(data)));
    const [code] = (await once(child, 'close')) as [number];
    expect([code, text]).toEqual([64, 'arguments: --dmeo; allowed: none, or --demo for live work in the dashboard\n']);
  });
});
