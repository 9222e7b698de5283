import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { NonRetryableError } from 'nestjs-advanced-scheduler';
import type { Response } from 'supertest';
import { Liveness } from '../../libs/scheduler/src/core/liveness.js';
import { TASK_STORE, type TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import { ensurePrometheus } from '../../scripts/ensure-prometheus.mjs';
import { until } from '../support/until.js';
import { closeConsoles, startConsole, TOKENS } from '../support/console.js';
import { freePort } from '../support/redis-server.js';

let text: string;
let port: number;
let app: INestApplication;
let scrape: () => Promise<Response>;
beforeAll(async () => {
  const started = await startConsole({
    good: () => 'done',
    bad: () => {
      throw new NonRetryableError('no');
    },
    after: [{ dependencies: [{ taskId: 'bad', type: 'success' }] }, () => 'never'],
  });
  const { scheduler } = started;
  ({ app, port } = started);
  scrape = async () => await started.call('viewer', 'get', '/metrics').expect(200);
  // The first run registers the worker as one of this process.
  await scheduler.waitForExecution(await scheduler.scheduleTask('good'));
  await scrape();
  const ids = [await scheduler.scheduleTask('good'), await scheduler.scheduleTask('bad')];
  ids.push(await scheduler.scheduleTask('after', { after: { bad: ids[1]! } }));
  for (const id of ids) await scheduler.waitForExecution(id);
  await scheduler.scheduleTask('good', { delay: '1h' });
  const response = await scrape();
  expect(response.headers['content-type']).toContain('text/plain');
  text = response.text;
});
afterAll(closeConsoles);

/** The value of a sample by its name and labels, as written. */
function valueOf(sample: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}

/** Names of the metrics of a query: all that begins with the prefix, without what a histogram adds. */
function metricsIn(query: string): string[] {
  return [...query.matchAll(/\bscheduler_\w+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ''));
}

/** Why tests are skipped: the tools can be neither found nor installed. */
function findPrograms(): ReturnType<typeof ensurePrometheus> | null {
  try {
    return ensurePrometheus();
  } catch (error) {
    process.stderr.write(`\n${(error as Error).message}\n\n`);
    return null;
  }
}
const programs = findPrograms();
const withPrometheus = programs ? it : it.skip;

describe('/metrics', () => {
  it('counts what the fleet has done and has to do', () => {
    expect(valueOf('scheduler_store_up')).toBe(1);
    expect(valueOf('scheduler_executions_total{outcome="completed"}')).toBe(2);
    expect(valueOf('scheduler_executions_total{outcome="failed"}')).toBe(1);
    expect(valueOf('scheduler_executions_total{outcome="skipped"}')).toBe(1);
    expect(valueOf('scheduler_executions_scheduled_total')).toBe(5);
    expect(valueOf('scheduler_waiting_executions{for="time"}')).toBe(1);
    expect(valueOf('scheduler_queue_depth{priority="NORMAL"}')).toBe(0);
    expect(valueOf('scheduler_workers')).toBe(1);
    expect(valueOf('scheduler_skips_total{reason="DEPENDENCY_FAILED"}')).toBe(1);
  });

  it('returns what it can read if a part cannot be read', async () => {
    const store = app.get<TaskStore>(TASK_STORE, { strict: false });
    const { listWorkers } = store;
    store.listWorkers = () => Promise.reject(new Error('no connection'));
    try {
      const { text } = await scrape();
      expect(text).toContain('\nscheduler_store_up 1\n');
      expect(text).toContain('\nscheduler_locks_held 0\n');
      expect(text).toContain('\nscheduler_scrape_errors_total{reading="workers"} 1\n');
      expect(text).toContain('\nscheduler_scrape_errors_total{reading="status"} 0\n');
      expect(text).not.toContain('\nscheduler_workers ');
    } finally {
      store.listWorkers = listWorkers;
    }
  });

  it('counts what nobody takes, and the duties that fail', async () => {
    const { app, call, scheduler } = await startConsole(
      { t: () => 1, unserved: [{ queue: 'nowhere' }, () => 1] },
      { scheduler: { queues: ['default'] } },
    );
    const sampleOf = async (name: string): Promise<string | undefined> => {
      const { text } = await call('viewer', 'get', '/metrics').expect(200);
      return new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
    };
    const names = ['scheduler_unserved_queues', 'scheduler_unhandled_tasks', 'scheduler_failing_duties'];
    const samples = async () => Promise.all(names.map(sampleOf));
    expect(await samples()).toEqual(['0', '0', '0']);
    scheduler.registerTask({ taskId: 'elsewhere', funcPath: 'elsewhere', remote: true });
    scheduler.registerTask({ taskId: 'nobody', funcPath: 'nobody', remote: true });
    await scheduler.scheduleTasks(['unserved', 'elsewhere', 'nobody'].map((taskId) => ({ taskId })));
    const liveness = app.get(Liveness, { strict: false });
    liveness.failed('scheduler:test:duty', new Error('no list'));
    expect(await sampleOf('scheduler_failing_duties')).toBe('0');
    liveness.failed('scheduler:test:duty', new Error('no list'));
    await until(async () => (await sampleOf('scheduler_unhandled_tasks')) === '2');
    expect(await samples()).toEqual(['1', '2', '1']);
  });

  it('measures waits and runs of its own workers by task', () => {
    expect(valueOf('scheduler_execution_run_seconds_count{task="good",outcome="completed"}')).toBe(1);
    expect(valueOf('scheduler_execution_run_seconds_count{task="bad",outcome="failed"}')).toBe(1);
    expect(valueOf('scheduler_execution_wait_seconds_count{task="good"}')).toBe(1);
    expect(valueOf('scheduler_event_loop_lag_seconds{at="p99"}')).toBeGreaterThan(0);
  });

  it('has every metric in the Grafana dashboard, the alert rules and the Helm chart', () => {
    const dashboard = JSON.parse(readFileSync('deploy/grafana/scheduler.json', 'utf8')) as {
      panels: { targets: { expr: string }[] }[];
      templating: { list: { query: string | { query: string } }[] };
    };
    const queries = [
      ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
      ...dashboard.templating.list.map(({ query }) => (typeof query === 'string' ? query : query.query)),
    ];
    const rules = readFileSync('deploy/prometheus/rules.yaml', 'utf8');
    const expressions = [...rules.matchAll(/expr: (\|\n(?: {12}.*\n)+|.*)/g)].map(([, expression]) => expression!);
    expect(expressions.length).toBe([...rules.matchAll(/- alert:/g)].length);
    const scaling = readFileSync('deploy/helm/templates/autoscaling.yaml', 'utf8');
    expect(metricsIn(scaling)).toHaveLength(2);
    const named = new Set([...queries, ...expressions, scaling].flatMap(metricsIn));
    const known = new Set([...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name!));
    expect(named.size).toBeGreaterThan(10);
    expect([...named].filter((name) => !known.has(name))).toEqual([]);
  });

  it('is described in docs/metrics.md, each with its type', () => {
    const documented = [...readFileSync('docs/metrics.md', 'utf8').matchAll(/^\| `(scheduler_\w+)` +\| (\w+)/gm)];
    const known = [...text.matchAll(/^# TYPE (\w+) (\w+)/gm)].map(([, name, type]) => [name, type]);
    expect(documented.map(([, name, type]) => [name, type]).sort()).toEqual(known.sort());
  });

  withPrometheus('is clean by promtool check metrics', () => {
    const checked = spawnSync(programs!.promtool, ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect([checked.status, checked.stdout, checked.stderr]).toEqual([0, '', '']);
  });

  withPrometheus('is scraped by a real Prometheus, which takes the rules too', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'prometheus-'));
    const at = await freePort();
    const config = [
      'global: { scrape_interval: 1s, evaluation_interval: 1s }',
      `rule_files: [${resolve('deploy/prometheus/rules.yaml')}]`,
      'scrape_configs:',
      `  - job_name: residency`,
      `    authorization: { credentials: ${TOKENS[0].token} }`,
      `    static_configs: [{ targets: ['127.0.0.1:${port}'] }]`,
    ];
    writeFileSync(join(dir, 'prometheus.yaml'), config.join('\n'));
    const server = spawn(
      programs!.prometheus,
      [
        `--config.file=${dir}/prometheus.yaml`,
        `--storage.tsdb.path=${dir}/data`,
        `--web.listen-address=127.0.0.1:${at}`,
      ],
      { stdio: 'ignore' },
    );
    const ended = once(server, 'exit');
    const ask = async (path: string): Promise<any> => {
      const reply = await fetch(`http://127.0.0.1:${at}/api/v1/${path}`).catch(() => null);
      return reply?.ok ? ((await reply.json()) as { data: unknown }).data : null;
    };
    try {
      const query = `query?query=${encodeURIComponent('scheduler_executions_total{outcome="completed"}')}`;
      await until(async () => (await ask(query))?.result[0]?.value[1] === '2');
      const { groups } = await ask('rules');
      expect(groups[0].rules).toHaveLength(10);
      expect(groups[0].rules.filter(({ lastError }: any) => lastError)).toEqual([]);
    } finally {
      server.kill('SIGKILL');
      await ended;
      rmSync(dir, { recursive: true, force: true });
    }
  });

  withPrometheus('has alert rules that are right by promtool check rules', () => {
    const checked = spawnSync(programs!.promtool, ['check', 'rules', 'deploy/prometheus/rules.yaml'], {
      encoding: 'utf8',
    });
    expect([checked.status, checked.stdout]).toEqual([0, expect.stringContaining('SUCCESS: 10 rules found')]);
  });

  withPrometheus.each(['prometheus', 'fleet'])('has a configuration %s.yaml that is right by promtool', (name) => {
    const args = ['check', 'config', '--syntax-only', `deploy/prometheus/${name}.yaml`];
    const checked = spawnSync(programs!.promtool, args, { encoding: 'utf8' });
    expect([checked.status, checked.stdout]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });
});
