import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { Environment } from '../../src/config/env.js';
import { variablesOf } from '../../src/config/variable.js';

const compose = readFileSync('deploy/compose.yaml', 'utf8');
const dockerfile = readFileSync('deploy/Dockerfile', 'utf8');
const known = variablesOf(Environment).map(({ name }) => name);

describe('deploy/', () => {
  it('gives the service variables that it knows', () => {
    const given = [...compose.matchAll(/^ +([A-Z][A-Z_]+): /gm)].map(([, name]) => name!);
    const ofTheServer = ['REDISCLI_AUTH'];
    expect(given).toEqual(expect.arrayContaining(['STORE', 'REDIS_URL', 'NAMESPACE', ...ofTheServer]));
    expect(given.filter((name) => !known.includes(name) && !ofTheServer.includes(name))).toEqual([]);
    const [, set] = /^ENV (.*)$/m.exec(dockerfile)!;
    const names = set!.split(' ').map((pair) => pair.split('=')[0]!);
    expect(names.filter((name) => !known.includes(name))).toEqual(['NODE_ENV']);
  });

  it('gives the pods of Kubernetes variables that the service knows, its three probes, and time to drain', () => {
    const manifest = readFileSync('deploy/kubernetes/service.yaml', 'utf8');
    const given = [...manifest.matchAll(/name: ([A-Z][A-Z_]+)\b/g), ...manifest.matchAll(/--from-literal=([A-Z_]+)=/g)];
    expect(given.length).toBeGreaterThan(5);
    expect(given.map(([, name]) => name!).filter((name) => !known.includes(name))).toEqual([]);
    for (const probe of ['startup', 'live', 'ready']) expect(manifest).toContain(`path: /health/${probe}, port: http`);
    const [, grace] = /terminationGracePeriodSeconds: (\d+)/.exec(manifest)!;
    const [, drain] = /SHUTDOWN_DRAIN, value: (\d+)s/.exec(manifest)!;
    expect(Number(grace)).toBeGreaterThan(Number(drain) + 10);
  });

  it('runs a Redis that keeps what it is given', () => {
    const [, command] = /command:\n((?: +- .*\n)+)/.exec(compose)!;
    const args = [...command!.matchAll(/- '?([^'\n]+)'?/g)].map(([, arg]) => arg!);
    const settingOf = (name: string): string | undefined => args[args.indexOf(name) + 1 || args.length];
    expect(['--appendonly', '--maxmemory-policy'].map(settingOf)).toEqual(['yes', 'noeviction']);
  });

  it('copies files that are there, lets them through to the build, and runs as nobody of power', () => {
    const ignore = readFileSync('deploy/Dockerfile.dockerignore', 'utf8');
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) =>
      sources!.split(' '),
    );
    expect(copied.length).toBeGreaterThan(5);
    for (const source of copied) {
      expect(existsSync(source)).toBe(true);
      expect(ignore).toContain(`\n!${source}\n`);
    }
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    const builds = Object.keys(scripts).filter((name) => name.startsWith('build'));
    const run = builds.flatMap((name) => scripts[name]!.match(/\bscripts\/\S+/g) ?? []);
    expect(run).not.toEqual([]);
    expect(run.filter((script) => !copied.includes(script))).toEqual([]);
    expect(dockerfile).toMatch(/^USER node$/m);
  });
});
