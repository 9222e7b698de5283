import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { buildApp } from '../support/built-library.js';
import { temporaryFolder } from '../support/open-embedded.js';

jest.setTimeout(120_000);

/** The service as `npm start` builds and runs it, with the library as npm would install it. */
describe('npm start, kill -9 in the middle of the workflow, npm start again', () => {
  let app: ReturnType<typeof buildApp>;
  const folder = temporaryFolder();
  const running = new Set<ChildProcess>();

  beforeAll(() => {
    app = buildApp('embedded-resume');
  });
  afterAll(() => {
    for (const child of running) child.kill('SIGKILL');
    app?.remove();
    folder.remove();
  });

  function start(): { child: ChildProcess; lines: string[]; until: (text: string) => Promise<void> } {
    const data = folder.path('data');
    const child = spawn(process.execPath, [app.main], {
      env: {
        ...process.env,
        ...{ PORT: '0', DATA_DIR: data, STORE: 'embedded', STORE_PATH: join(data, 'scheduler.db') },
        ...{ MAIL_GATEWAY_FAILURES: '3', RUN_WORKFLOW_ON_START: 'true', LOG_FORMAT: 'text' },
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running.add(child);
    child.on('exit', () => running.delete(child));
    const lines: string[] = [];
    const waiting = new Set<() => void>();
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      for (const look of waiting) look();
    });
    const until = (text: string) =>
      new Promise<void>((resolve, reject) => {
        const look = (): void => void (lines.some((line) => line.includes(text)) && resolve());
        waiting.add(look);
        child.once('exit', () => reject(new Error(`ended without '${text}':\n${lines.join('\n')}`)));
        look();
      });
    return { child, lines, until };
  }

  const started = (lines: readonly string[]): string[] => lines.flatMap((line) => /▶ (.*)$/.exec(line)?.[1] ?? []);

  it('resumes where it was, and repeats no completed step', async () => {
    const first = start();
    await first.until('↻ Notify staff');
    const exit = once(first.child, 'exit');
    first.child.kill('SIGKILL');
    await exit;
    expect(first.lines.join('\n')).toContain('✔ Write report');
    expect(first.lines.join('\n')).not.toContain('✔ Publish schedule');

    const second = start();
    await second.until('workflow COMPLETED');
    const text = second.lines.join('\n');
    const id = /workflow (\S+): 8 steps/.exec(first.lines.join('\n'))![1]!;
    expect(text).toMatch(new RegExp(`workflow ${id} resumes: [5-7] of 8 steps done`));
    expect(text).toContain('7 COMPLETED, 1 SKIPPED');
    expect(new Set(started(second.lines))).toEqual(new Set(['Notify staff', 'Publish schedule']));
    // The alert, and the mail of one run of Notify staff.
    expect(readdirSync(folder.path('data/outbox'))).toHaveLength(2);

    const end = once(second.child, 'exit');
    second.child.kill('SIGTERM');
    await end;
    const third = start();
    await third.until('workflow COMPLETED');
    expect(third.lines.join('\n')).toMatch(/workflow \S+: 8 steps/);
    third.child.kill('SIGKILL');
  });
});
