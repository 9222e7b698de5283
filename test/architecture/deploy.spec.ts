import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Environment } from '../../src/config/env.js';
import { variablesOf } from '../../src/config/variable.js';

const compose = readFileSync('deploy/compose.yaml', 'utf8');
const dockerfile = readFileSync('deploy/Dockerfile', 'utf8');
const known = variablesOf(Environment).map(({ name }) => name);

describe('deploy/', () => {
  it('sets only variables that the service knows', () => {
    const settings = [...compose.matchAll(/^ +([A-Z][A-Z_]+): /gm)].map(([, name]) => name!);
    const given = settings.filter((name) => !name.startsWith('GF_'));
    const fromFiles = [...compose.matchAll(/^ +([A-Z][A-Z_]+)=\$\$\(cat /gm)].map(([, name]) => name!);
    expect(given).toEqual(expect.arrayContaining(['STORE', 'REDIS_URL', 'NAMESPACE']));
    expect(fromFiles).toEqual(['REDIS_PASSWORD', 'CONSOLE_ADMIN_TOKEN', 'CONSOLE_VIEWER_TOKEN']);
    expect([...given, ...fromFiles].filter((name) => !known.includes(name))).toEqual([]);
    const [, set] = /^ENV (.*)$/m.exec(dockerfile)!;
    const names = set!.split(' ').map((pair) => pair.split('=')[0]!);
    expect(names.filter((name) => !known.includes(name))).toEqual(['NODE_ENV']);
  });

  it('sets only known variables for the pods of Kubernetes, its three probes, and time to drain', () => {
    const manifest = readFileSync('deploy/kubernetes/service.yaml', 'utf8');
    const given = [...manifest.matchAll(/name: ([A-Z][A-Z_]+)\b/g), ...manifest.matchAll(/--from-literal=([A-Z_]+)=/g)];
    expect(given.length).toBeGreaterThan(5);
    expect(given.map(([, name]) => name!).filter((name) => !known.includes(name))).toEqual([]);
    for (const probe of ['startup', 'live', 'ready']) expect(manifest).toContain(`path: /health/${probe}, port: http`);
    const [, grace] = /terminationGracePeriodSeconds: (\d+)/.exec(manifest)!;
    const [, drain] = /SHUTDOWN_DRAIN, value: (\d+)s/.exec(manifest)!;
    expect(Number(grace)).toBeGreaterThan(Number(drain) + 10);
  });

  it('gives containers the minimum: a read-only root, no capabilities, secrets from files', () => {
    const app = /^x-app: &app\n[^]*?\n(?=\S)/m.exec(compose)![0];
    const service = (name: string): string => new RegExp(`^ {2}${name}:\\n(?: {4}.*\\n)+`, 'm').exec(compose)![0];
    for (const each of [app, service('redis'), service('prometheus'), service('grafana')])
      for (const line of ['read_only: true', 'cap_drop: [ALL]', 'security_opt: [no-new-privileges:true]'])
        expect(each).toContain(line);
    for (const each of [app, service('redis')]) expect(each).toMatch(/secrets: \[.*redis_password/);
    // In no environment and on no command line, which anyone who may list processes or inspect containers sees.
    expect(compose).not.toMatch(/requirepass\n|--requirepass|PASSWORD:|TOKEN:/);
    const files = [...compose.matchAll(/^ +file: (\S+)$/gm)].map(([, file]) => file!);
    expect(files).toHaveLength(3);
    const ignored = readFileSync('.gitignore', 'utf8').split('\n');
    for (const file of files)
      expect([file, ignored.includes('*.secret') && file.endsWith('.secret')]).toEqual([file, true]);
  });

  it('gives pods no cluster token, an image by its digest, and the network access that they need', () => {
    const manifest = readFileSync('deploy/kubernetes/service.yaml', 'utf8');
    expect(manifest).toMatch(/^ {6}automountServiceAccountToken: false$/m);
    const images = [...manifest.matchAll(/^ +(?:- )?image: (\S+)$/gm)].map(([, image]) => image!);
    expect(images.length).toBeGreaterThan(0);
    for (const image of images) expect(image).toMatch(/@sha256:[0-9a-f]{64}$/);
    const policy = manifest.split('---\n').find((part) => part.includes('kind: NetworkPolicy'))!;
    expect(policy).toContain('policyTypes: [Ingress, Egress]');
    expect(policy).toContain('matchLabels: { app: residency }');
    for (const line of [
      'readOnlyRootFilesystem: true',
      'allowPrivilegeEscalation: false',
      'drop: [ALL]',
      'runAsNonRoot: true',
    ])
      expect(manifest).toContain(line);
  });

  it('installs from the manifest of each workspace, as npm ci needs', () => {
    const beforeInstall = dockerfile.slice(0, dockerfile.indexOf('RUN npm ci'));
    for (const name of readdirSync('libs'))
      expect(beforeInstall).toContain(`COPY libs/${name}/package.json libs/${name}/\n`);
  });

  it('has no benchmarks in its image', () => {
    expect(dockerfile).not.toMatch(/bench/);
    expect(readFileSync('deploy/Dockerfile.dockerignore', 'utf8')).not.toMatch(/bench/);
  });

  it('runs a Redis with persistence and without eviction', () => {
    const [redis] = /^ {2}redis:\n(?: {4}.*\n)+/m.exec(compose)!;
    const args = [...redis.matchAll(/^ +- '?([^'\n]+)'?$/gm)].map(([, arg]) => arg!);
    const settingOf = (name: string): string | undefined => args[args.indexOf(name) + 1 || args.length];
    expect(['--appendonly', '--maxmemory-policy'].map(settingOf)).toEqual(['yes', 'noeviction']);
  });

  it('copies existing files, includes them in the build context, and runs as an unprivileged user', () => {
    const ignore = readFileSync('deploy/Dockerfile.dockerignore', 'utf8');
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) =>
      sources!.split(' '),
    );
    expect(copied.length).toBeGreaterThanOrEqual(5);
    for (const source of copied) {
      expect(existsSync(source)).toBe(true);
      expect(ignore).toMatch(new RegExp(`^!(?:${source}|${source.split('/')[0]})$`, 'm'));
    }
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    const builds = ['build', ...Array.from(scripts['build']!.matchAll(/npm run (\S+)/g), ([, name]) => name!)];
    const run = builds.flatMap((name) => scripts[name]!.match(/\bscripts\/\S+/g) ?? []);
    expect(run).not.toEqual([]);
    expect(run.filter((script) => !copied.includes(script))).toEqual([]);
    expect(dockerfile).toMatch(/^USER node$/m);
  });
});
